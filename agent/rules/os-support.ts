/**
 * Until when each release gets security updates. Days are the last day with updates.
 *
 * Checked on the day in `asOf`. Sources: Debian and Ubuntu: the distro-info-data package of Debian (debian.csv,
 * ubuntu.csv), wiki.debian.org/LTS, ubuntu.com/about/release-cycle. Windows: learn.microsoft.com/lifecycle and the
 * release information pages of Windows 10 and 11; every day there is a second Tuesday (lists copied from it are often a
 * day late, see the test).
 *
 * A release that is missing here is unknown, never supported: add it when it comes out.
 */

/** Windows editions are served for different times. `ltsc` and `iot-ltsc` are the Enterprise long-term channels. */
export type WindowsChannel = 'home-pro' | 'enterprise' | 'ltsc' | 'iot-ltsc';

export interface SupportRow {
  /** `id` of the os section. */
  readonly os: 'debian' | 'ubuntu' | 'windows';
  /** As in the os section: "12", "24.04", "24H2". */
  readonly version: string;
  readonly label: string;
  /** Windows only: first part of the build number, and the editions the row is for; of one build in rising order of their end. */
  readonly build?: number;
  readonly channel?: WindowsChannel;
  /** End of the vendor's regular updates. */
  readonly regularUntil: string;
  /** End of updates that reach every device without contract, where they outlast the regular ones (Debian LTS). */
  readonly ltsUntil?: string;
  /** End of updates that need a contract or a registration (Ubuntu Pro, Windows ESU, Debian ELTS). */
  readonly paidUntil?: string;
  readonly asOf: string;
}

const asOf = '2026-11-23';

const debian = (version: string, regularUntil: string, ltsUntil: string, paidUntil: string): SupportRow => ({
  os: 'debian',
  version,
  label: `Debian ${version}`,
  regularUntil,
  ltsUntil,
  paidUntil,
  asOf,
});

const ubuntu = (version: string, regularUntil: string, paidUntil?: string): SupportRow => ({
  os: 'ubuntu',
  version,
  label: paidUntil === undefined ? `Ubuntu ${version}` : `Ubuntu ${version} LTS`,
  regularUntil,
  ...(paidUntil === undefined ? {} : { paidUntil }),
  asOf,
});

const channelNames: Readonly<Record<WindowsChannel, string>> = {
  'home-pro': 'Home/Pro',
  enterprise: 'Enterprise/Education',
  ltsc: 'Enterprise LTSC',
  'iot-ltsc': 'IoT Enterprise LTSC',
};

const windows = (
  generation: 10 | 11,
  version: string,
  build: number,
  until: Partial<Readonly<Record<WindowsChannel, string>>>,
  paidUntil?: string,
): SupportRow[] =>
  (Object.keys(channelNames) as WindowsChannel[]).flatMap((channel) => {
    const regularUntil = until[channel];
    if (regularUntil === undefined) return [];
    const label = `Windows ${generation} ${version} (${channelNames[channel]})`;
    const row = { os: 'windows' as const, version, label, build, channel, regularUntil, asOf };
    return [paidUntil === undefined ? row : { ...row, paidUntil }];
  });

export const osSupport: readonly SupportRow[] = [
  debian('10', '2022-09-10', '2024-06-30', '2029-06-30'),
  debian('11', '2024-08-14', '2026-08-31', '2031-06-30'),
  debian('12', '2026-07-11', '2028-06-30', '2033-06-30'),
  debian('13', '2028-08-09', '2030-06-30', '2035-06-30'),

  ubuntu('18.04', '2023-05-31', '2028-04-26'),
  ubuntu('20.04', '2025-05-29', '2030-04-23'),
  ubuntu('20.10', '2021-07-22'),
  ubuntu('21.04', '2022-01-20'),
  ubuntu('21.10', '2022-07-14'),
  ubuntu('22.04', '2027-06-01', '2032-04-21'),
  ubuntu('22.10', '2023-07-20'),
  ubuntu('23.04', '2024-01-25'),
  ubuntu('23.10', '2024-07-11'),
  ubuntu('24.04', '2029-05-31', '2034-04-25'),
  ubuntu('24.10', '2025-07-10'),
  ubuntu('25.04', '2026-01-15'),
  ubuntu('25.10', '2026-07-09'),
  ubuntu('26.04', '2031-05-29', '2036-04-23'),

  ...windows(10, '1507', 10_240, { 'home-pro': '2017-05-09', enterprise: '2017-05-09', ltsc: '2025-10-14' }),
  ...windows(10, '1511', 10_586, { 'home-pro': '2017-10-10', enterprise: '2017-10-10' }),
  ...windows(10, '1607', 14_393, { 'home-pro': '2018-04-10', enterprise: '2019-04-09', ltsc: '2026-10-13' }),
  ...windows(10, '1703', 15_063, { 'home-pro': '2018-10-09', enterprise: '2019-10-08' }),
  ...windows(10, '1709', 16_299, { 'home-pro': '2019-04-09', enterprise: '2020-10-13' }),
  ...windows(10, '1803', 17_134, { 'home-pro': '2019-11-12', enterprise: '2021-05-11' }),
  ...windows(10, '1809', 17_763, { 'home-pro': '2020-11-10', enterprise: '2021-05-11', ltsc: '2029-01-09' }),
  ...windows(10, '1903', 18_362, { 'home-pro': '2020-12-08', enterprise: '2020-12-08' }),
  ...windows(10, '1909', 18_363, { 'home-pro': '2021-05-11', enterprise: '2022-05-10' }),
  ...windows(10, '2004', 19_041, { 'home-pro': '2021-12-14', enterprise: '2021-12-14' }),
  ...windows(10, '20H2', 19_042, { 'home-pro': '2022-05-10', enterprise: '2023-05-09' }),
  ...windows(10, '21H1', 19_043, { 'home-pro': '2022-12-13', enterprise: '2022-12-13' }),
  ...windows(10, '21H2', 19_044, {
    'home-pro': '2023-06-13',
    enterprise: '2024-06-11',
    ltsc: '2027-01-12',
    'iot-ltsc': '2032-01-13',
  }),
  // Extended Security Updates for organisations: three licences of one year each. Whether a PC has one is not collected.
  ...windows(10, '22H2', 19_045, { 'home-pro': '2025-10-14', enterprise: '2025-10-14' }, '2028-10-10'),
  ...windows(11, '21H2', 22_000, { 'home-pro': '2023-10-10', enterprise: '2024-10-08' }),
  ...windows(11, '22H2', 22_621, { 'home-pro': '2024-10-08', enterprise: '2025-10-14' }),
  ...windows(11, '23H2', 22_631, { 'home-pro': '2025-11-11', enterprise: '2026-11-10' }),
  ...windows(11, '24H2', 26_100, {
    'home-pro': '2026-10-13',
    enterprise: '2027-10-12',
    ltsc: '2029-10-09',
    'iot-ltsc': '2034-10-10',
  }),
  ...windows(11, '25H2', 26_200, { 'home-pro': '2027-10-12', enterprise: '2028-10-10' }),
  ...windows(11, '26H1', 28_000, { 'home-pro': '2028-03-14', enterprise: '2029-03-13' }),
  // Enterprise: derived from the 36 months of that channel.
  ...windows(11, '26H2', 26_300, { 'home-pro': '2028-10-10', enterprise: '2029-10-09' }),
];
