/**
 * The tables, as Kysely sees them. Portable between SQLite and PostgreSQL: instants are ISO 8601 text in UTC (they sort
 * as text), flags are 0 or 1, JSON is text.
 */
import type { Generated, Insertable, Selectable } from 'kysely';
import type { RunResult, restoreTestResults } from '../../agent/contract/facts/backup.ts';
import type { UpdateRing } from '../../agent/contract/release.ts';

type Flag = 0 | 1;

export interface MunicipalityTable {
  id: string;
  name: string;
  approval_required: Flag;
  created_at: string;
}

export interface EnrolmentTokenTable {
  id: string;
  municipality_id: string;
  /** SHA-256 of the secret; the secret itself is shown once and not kept. */
  secret_hash: string;
  created_at: string;
  created_by: string;
  expires_at: string;
  uses_left: number;
  revoked_at: string | null;
}

export interface DeviceTable {
  id: string;
  municipality_id: string;
  /** RFC 7638 thumbprint of the device's key; unique over all municipalities. */
  key_thumbprint: string;
  /** Public key, the `x` of the JWK. */
  key_x: string;
  hostname: string;
  platform: 'linux' | 'win32';
  agent_version: string;
  state: 'active' | 'pending' | 'quarantined' | 'retired';
  enrolled_at: string;
  last_heard_at: string | null;
  clock_offset_seconds: number | null;
  store_epoch: string | null;
  acknowledged_sequence: number;
  /** Which report the newest facts came from: its epoch, and its time of creation (never later than its receipt). */
  facts_epoch: string | null;
  facts_created_at: string | null;
  /** When the rules were last applied; null before the first time. */
  judged_at: string | null;
  /** JSON of the hardware marks seen at enrolment and updated by accepted reports. */
  fingerprint: string;
  /** Version of the policy it last named as its own; null before the first check-in. */
  policy_version: number | null;
  /** `noticesHash` of the set last noted in `notice_deliveries`; null before the first one. */
  notices_noted: string | null;
  /** The newest transport proof accepted: time of issue of its nonce (ms since 1970) and its counter. */
  proof_issued_at: number;
  proof_counter: number;
  light: 'ok' | 'attention' | 'critical' | 'unknown';
  /** 0 critical, 1 attention, 2 unknown, 3 ok: worst first. */
  light_rank: number;
  worst_rule: string | null;
  worst_verdict: string | null;
  worst_reason: string | null;
  inventory_number: string | null;
  location: string | null;
  office: string | null;
  note: string | null;
  os_name: string | null;
  model: string | null;
  serial_number: string | null;
  /** Lower-cased words of hostname, record, model and serial number, for the search. */
  search_text: string;
  /** The device that took its place. */
  replaced_by: string | null;
  /** Whether security updates are missing; null = not known. */
  security_missing: Flag | null;
  /** Day of the last successful search for updates; null = never or not known. */
  scan_on: string | null;
  /** Null = not known. */
  restart_due: Flag | null;
  restart_since: string | null;
  /** What its verdicts say in short; null until it was judged. */
  pattern_id: number | null;
  /** Whether it has a program for backups: `hint` = a scheduled job that looks like one; null = not known. */
  backup_presence: 'present' | 'hint' | 'none' | null;
  /** JSON list of `[id, name, kind, state]`, sorted by id, so that equal devices have equal text; null = not known. */
  backup_products: string | null;
  /** The newest success that is proven (`provenSuccess`); null = none, or not known. */
  backup_success_at: string | null;
  /** The worst of the rules about backups, restore tests apart: its place among `backupLights`. */
  backup_rank: Generated<number>;
  /** Which rule that is, and its reason; null until it was judged. */
  backup_rule: string | null;
  backup_reason: string | null;
  /** Verdict on the word of the backup server against that of the device; null = none has said anything. */
  backup_two_sided: VerdictTable['verdict'] | null;
  /** Verdict on its restore tests; null until it was judged. */
  backup_restore: VerdictTable['verdict'] | null;
  /** When a sample last came back whole; null = never, or not known. */
  restore_tested_at: string | null;
}

/** High-water mark of each store epoch of a device. */
export interface DeviceEpochTable {
  device_id: string;
  store_epoch: string;
  sequence: number;
  envelope_hash: string;
  first_seen_at: string;
}

export interface ReportTable {
  id: string;
  device_id: string;
  municipality_id: string;
  store_epoch: string;
  sequence: number;
  class: string;
  created_at: string;
  received_at: string;
  envelope_jws: string;
  envelope_hash: string;
  /** Exact body bytes, zstd; empty when only the envelope came, and after `body_removed_at`. */
  body: Uint8Array;
  body_bytes: number;
  wire_bytes: number;
  /** Empty after `body_removed_at`. */
  receipt_jws: string;
  /** When the retention period of the body was over and it was removed; null otherwise. */
  body_removed_at: Generated<string | null>;
}

/** What each report said of each section: the history without the facts. */
export interface ReportSectionTable {
  report_id: string;
  section_id: string;
  state: string;
  hash: string;
  changed: Flag;
  /** JSON list of problems. */
  problems: string;
}

/** The newest state of each section of each device. */
export interface SectionTable {
  device_id: string;
  section_id: string;
  state: 'complete' | 'partial' | 'missing';
  /** By the clock of the device. */
  collected_at: string;
  /** How far that clock was off then, as far as anybody knew; null = not known. */
  clock_offset_seconds: number | null;
  duration_ms: number;
  hash: string;
  /** JSON facts; null when the section is missing, or while the server has only their hash (`facts_held` 0). */
  data: string | null;
  facts_held: Flag;
  problems: string;
  received_at: string;
  report_id: string;
}

/** Newest facts, one row a device, in columns one can query. */
export interface DeviceHardwareTable {
  device_id: string;
  manufacturer: string | null;
  model: string | null;
  serial_number: string | null;
  chassis: string | null;
  virtualization: string | null;
  firmware_version: string | null;
  cpu_model: string | null;
  cpu_cores: number | null;
  cpu_threads: number | null;
  memory_bytes: number | null;
  os_id: string | null;
  os_name: string | null;
  os_version: string | null;
  kernel: string | null;
  architecture: string | null;
  uptime_days: number | null;
}

export interface DevicePackageTable {
  device_id: string;
  name: string;
  architecture: string;
  version: string | null;
  publisher: string | null;
  status: string | null;
}

export interface DeviceVolumeTable {
  device_id: string;
  mount_point: string;
  file_system: string;
  size_bytes: number;
  free_bytes: number;
  system: Flag;
  remote: Flag;
}

export interface DeviceInterfaceTable {
  device_id: string;
  name: string;
  kind: string;
  mac_address: string | null;
  state: string;
  speed_mbps: number | null;
  /** JSON list of addresses with prefix length. */
  addresses: string;
}

export interface VerdictTable {
  device_id: string;
  rule_id: string;
  verdict: 'met' | 'not-met' | 'unknown' | 'exempt';
  severity: 'info' | 'warning' | 'critical';
  reason: string;
  values: string;
  evidence: string;
  /** Since when verdict and reason are as they are, server time. */
  since: string;
}

/** The kinds of a device's verdicts as one text. Few differ, so that a fleet is counted by groups of equal devices. */
export interface VerdictPatternTable {
  id: Generated<number>;
  pattern: string;
}

/** An update as devices describe it; what a device does not say is '' or rank 0. */
export interface UpdateVariantTable {
  /** SHA-256 over all of the description. */
  id: string;
  update_id: string;
  title: string;
  candidate_version: string;
  origin: string;
  /** 2 closes a vulnerability, 1 not known, 0 does not. */
  security_rank: 0 | 1 | 2;
  /** 4 critical, 3 important, 2 moderate, 1 low, 0 not said. */
  severity_rank: number;
  /** Lower-cased id and title. */
  search_text: string;
}

export interface DeviceUpdateTable {
  device_id: string;
  update_id: string;
  variant_id: string;
  installed_version: string | null;
  state: 'missing' | 'waiting-for-restart';
  /** Day since when it is missing. */
  since: string;
  held: Flag;
}

/** How many devices of a municipality stand like this, retired ones left out: sums over `device_updates`, kept with them. */
export interface UpdateCountTable {
  municipality_id: string;
  variant_id: string;
  state: 'missing' | 'waiting-for-restart';
  since: string;
  /** As its variant says. */
  update_id: string;
  security_rank: 0 | 1 | 2;
  severity_rank: number;
  devices: number;
}

export interface ExceptionTable {
  id: string;
  rule_id: string;
  municipality_id: string;
  /** Null = all devices of the municipality. */
  device_id: string | null;
  reason: string;
  approved_by: string;
  approved_at: string;
  expires_at: string;
  entered_by: string;
  withdrawn_at: string | null;
  withdrawn_by: string | null;
}

/** Devices of one municipality that are treated alike. Never removed: a deleted one keeps its row and its history. */
export interface DeviceGroupTable {
  id: string;
  municipality_id: string;
  /** Unique among the groups of the municipality that are not deleted. */
  name: string;
  /** Of two groups of a device the one with the lower position wins; unique as the name is. */
  position: number;
  created_at: string;
  created_by: string;
  deleted_at: string | null;
  deleted_by: string | null;
}

/** One stay of a device in a group; it ends, it is not removed. */
export interface GroupMemberTable {
  id: Generated<number>;
  group_id: string;
  device_id: string;
  added_at: string;
  added_by: string;
  /** Null = is a member. */
  removed_at: string | null;
  removed_by: string | null;
}

export type PolicyLevel = 'district' | 'municipality' | 'group' | 'device';

/** The policy in force of one audience; one that was emptied stays as `{}`. */
export interface PolicyTable {
  level: PolicyLevel;
  /** Id of the municipality, group or device; '' for the district. */
  audience_id: string;
  /** Null for the district. */
  municipality_id: string | null;
  /** Counts 1, 2, 3 … per audience. */
  version: number;
  /** JSON: part of the settings of the contract, without exceptions. */
  settings: string;
  changed_at: string;
  changed_by: string;
}

/** Every policy there ever was, the one in force included. Rows are only ever added. */
export interface PolicyVersionTable extends PolicyTable {
  /** Why, in the words of who changed it. */
  reason: string | null;
  /** The older version this one brought back. */
  restored_from: number | null;
}

/** The last settings worked out for a device. No row = none were ever set. */
export interface DevicePolicyTable {
  device_id: string;
  /** Counts up with every change of what is in force for the device. */
  version: number;
  /** SHA-256 of the settings, canonical. */
  digest: string;
}

/** What changed between two complete software lists of a device. */
export interface SoftwareChangeTable {
  id: Generated<number>;
  device_id: string;
  report_id: string;
  received_at: string;
  /** When the list before it was received. */
  compared_with: string;
  /** JSON, bounded: counts and names. */
  changes: string;
}

/** The last complete software list of a device whose newest one is not: what the next complete one is compared with. */
export interface SoftwareBaselineTable {
  device_id: string;
  data: string;
  received_at: string;
}

/** Runs of backup jobs as devices reported them, kept longer than the devices' own records; bounded for each device. */
export interface BackupRunTable {
  device_id: string;
  product_id: string;
  job_id: string;
  /** When it began, or when it ended where nobody knows that. */
  at: string;
  product_name: string;
  job_name: string;
  started_at: string | null;
  ended_at: string | null;
  result: RunResult;
  code: string | null;
  /** JSON: kind, source and reference. */
  evidence: string;
  first_seen_at: string;
}

/** A backup server or repository host that may say what it holds of the devices of one municipality. */
export interface BackupServerTable {
  id: string;
  municipality_id: string;
  /** Unique among those of the municipality that are not revoked. */
  name: string;
  /** SHA-256 of the secret; the secret itself is shown once and not kept. */
  secret_hash: string;
  created_at: string;
  created_by: string;
  last_used_at: string | null;
  revoked_at: string | null;
}

/** The last word of a backup server on one device. It counts while the token is valid and the device in its municipality. */
export interface BackupEvidenceTable {
  device_id: string;
  server_id: string;
  /** Repository or job in the words of the server; '' when it named none. */
  source: string;
  /** Newest restore point. */
  newest_at: string;
  restore_points: number | null;
  bytes: number | null;
  received_at: string;
}

export interface RestoreTestTable {
  id: string;
  device_id: string;
  /** Who says so: a member of staff, or the device that ran it. */
  origin: 'staff' | 'device';
  at: string;
  tested_by: string | null;
  product_id: string | null;
  source: string;
  /** What was restored, in words. */
  sample: string | null;
  result: (typeof restoreTestResults)[number];
  files: number;
  different: number;
  bytes: number | null;
  duration_seconds: number | null;
  note: string | null;
  entered_at: string;
  entered_by: string | null;
  withdrawn_at: string | null;
  withdrawn_by: string | null;
}

export interface DeviceEventTable {
  id: Generated<number>;
  device_id: string;
  at: string;
  code: string;
  detail: string;
}

/**
 * Reports the server does not hold in full. `report_id` names the gap report that accounts for them; null while none does.
 * Ranges of one epoch that nobody accounts for do not overlap.
 */
export interface DeviceGapTable {
  id: Generated<number>;
  device_id: string;
  store_epoch: string | null;
  from_sequence: number | null;
  to_sequence: number | null;
  /** JSON, reports by class; null = not known. */
  counts: string | null;
  /** Device time. */
  first_at: string | null;
  last_at: string | null;
  /** As the device says; 'undeclared' while it says nothing. */
  reason: string;
  /** 0 when what the device says does not fit what is held; null = nothing to compare with. */
  fits: Flag | null;
  noted_at: string;
  report_id: string | null;
}

export interface UserTable {
  id: string;
  name: string;
  role: 'admin' | 'technician' | 'viewer';
  /** PHC string of scrypt; null until the person has chosen one. */
  password_hash: string | null;
  created_at: string;
  /** Since then nobody signs in as this user; null = may sign in. */
  disabled_at: string | null;
}

/** Municipalities a user may see; no row = all of them. */
export interface UserMunicipalityTable {
  user_id: string;
  municipality_id: string;
}

export interface SignInLinkTable {
  secret_hash: string;
  user_id: string;
  expires_at: string;
}

export interface SessionTable {
  secret_hash: string;
  user_id: string;
  csrf_token: string;
  /** Opened by a one-time link, and no password chosen since: the link vouches for the person. */
  by_link: 0 | 1;
  created_at: string;
  expires_at: string;
}

export interface ApiTokenTable {
  id: string;
  secret_hash: string;
  role: 'admin' | 'technician' | 'viewer';
  /** Null = all municipalities. */
  municipality_id: string | null;
  created_at: string;
  revoked_at: string | null;
}

export interface AuditTable {
  id: Generated<number>;
  at: string;
  actor: string;
  action: string;
  municipality_id: string | null;
  target: string | null;
  detail: string | null;
}

export interface NoticeTable {
  number: Generated<number>;
  id: string;
  municipality_id: string;
  /** Null = not only one group. */
  group_id: string | null;
  /** Null = not only one device. */
  device_id: string | null;
  /** The notice that is not delivered any more beside this one. */
  replaces: string | null;
  recalled: Flag;
  issued_at: string;
  valid_from: string;
  valid_until: string;
  /** Signed with the notice key; what stands beside it here is read from it. */
  jws: string;
  published_at: string;
  published_by: string;
}

/** A device has said that it holds this wording of a notice. */
export interface NoticeDeliveryTable {
  notice_id: string;
  device_id: string;
  /** `number` of the wording; a lower one than that of the notice: it holds what was said before. */
  number: number;
  delivered_at: string;
}

/** What a notice came to at a device: anybody at the PC can say this, so it is counted and proves nothing. */
export interface NoticeAnswerTable {
  device_id: string;
  /** Made by the device; the same one again counts once. */
  request_id: string;
  notice_id: string;
  /** Of the wording that is answered. */
  issued_at: string;
  /** One of `noticeAnswerKinds`. */
  kind: string;
  /** Device time. */
  at: string;
  /** For 'deferred'; device time. */
  until: string | null;
  /** For 'acknowledged', where the notice asks for names; null again once the time of names is over. */
  stated_name: Generated<string | null>;
  received_at: string;
  report_id: string;
}

/** What somebody at a PC reported as a suspicion, in that person's words. */
export interface SuspicionTable {
  device_id: string;
  request_id: string;
  text: string;
  /** Device time. */
  at: string;
  received_at: string;
  report_id: string;
}

/** What staff want a device to report at once; gone when it has. */
export interface ReportRequestTable {
  device_id: string;
  section_id: string;
  requested_at: string;
  requested_by: string;
  /** Where the device stood when it was told; a later report settles it. */
  told_epoch: string | null;
  told_sequence: number | null;
}

/** Times up to `wrong_until` that this server has stated were wrong. */
export interface TimeCorrectionTable {
  wrong_until: string;
  noted_at: string;
  noted_by: string;
}

/** One row; counts up with every change of what devices may be told. */
export interface WordsVersionTable {
  id: number;
  version: number;
}

/** One row. */
export interface RetentionTable {
  id: number;
  /** JSON: `retentionSettings`. */
  settings: string;
  /** Day (UTC) of the last sweep that came to its end. */
  swept_on: string | null;
  /** When that was, by the clock of then; null before the first. */
  swept_at: string | null;
  /** JSON: what the sweep under way has removed so far, by kind. */
  removed: string;
}

/** One row: made with the database and kept by its backups. */
export interface ReleaseTable {
  /** Of the signed manifest; a later one is the newer word. */
  sequence: number;
  platform: 'linux' | 'win32';
  version: string;
  minimum_version: string;
  /** 64 hexadecimal digits; names the file in the folder "releases". */
  sha256: string;
  size: number;
  file_name: string;
  expires_at: string;
  jws: string;
  published_at: string;
  published_by: string;
}
export type ReleaseRow = Selectable<ReleaseTable>;

export interface ReleaseRolloutTable {
  sequence: number;
  /** '' = all of them. */
  municipality_id: string;
  /** '' = all of them. */
  ring: '' | UpdateRing;
  /** 0 to 100. */
  percent: number;
}

export interface InstallationTable {
  id: string;
}

/** One row, written to learn whether the disk takes anything. */
export interface ReadinessTable {
  id: number;
  at: string;
}

export interface Schema {
  municipalities: MunicipalityTable;
  enrolment_tokens: EnrolmentTokenTable;
  devices: DeviceTable;
  device_epochs: DeviceEpochTable;
  reports: ReportTable;
  report_sections: ReportSectionTable;
  sections: SectionTable;
  device_hardware: DeviceHardwareTable;
  device_packages: DevicePackageTable;
  device_volumes: DeviceVolumeTable;
  releases: ReleaseTable;
  release_rollouts: ReleaseRolloutTable;
  device_interfaces: DeviceInterfaceTable;
  verdicts: VerdictTable;
  verdict_patterns: VerdictPatternTable;
  update_variants: UpdateVariantTable;
  device_updates: DeviceUpdateTable;
  update_counts: UpdateCountTable;
  exceptions: ExceptionTable;
  device_groups: DeviceGroupTable;
  group_members: GroupMemberTable;
  policies: PolicyTable;
  policy_versions: PolicyVersionTable;
  device_policies: DevicePolicyTable;
  software_changes: SoftwareChangeTable;
  software_baselines: SoftwareBaselineTable;
  backup_runs: BackupRunTable;
  backup_servers: BackupServerTable;
  backup_evidence: BackupEvidenceTable;
  restore_tests: RestoreTestTable;
  device_events: DeviceEventTable;
  device_gaps: DeviceGapTable;
  users: UserTable;
  user_municipalities: UserMunicipalityTable;
  sign_in_links: SignInLinkTable;
  sessions: SessionTable;
  api_tokens: ApiTokenTable;
  audit: AuditTable;
  notices: NoticeTable;
  notice_deliveries: NoticeDeliveryTable;
  notice_answers: NoticeAnswerTable;
  suspicions: SuspicionTable;
  report_requests: ReportRequestTable;
  words_version: WordsVersionTable;
  time_corrections: TimeCorrectionTable;
  retention: RetentionTable;
  installation: InstallationTable;
  readiness: ReadinessTable;
}

export type DeviceRow = Selectable<DeviceTable>;
export type SectionRow = Selectable<SectionTable>;
export type DeviceGroupRow = Selectable<DeviceGroupTable>;
export type RestoreTestRow = Selectable<RestoreTestTable>;
export type ExceptionRow = Selectable<ExceptionTable>;
export type GapRow = Selectable<DeviceGapTable>;
export type VerdictRow = Selectable<VerdictTable>;
export type NewVerdict = Insertable<VerdictTable>;
