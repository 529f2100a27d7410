/** Names of every message between window and main process. Apart from the schemas, so that the preload stays small. */

/** The window asks, the main process answers. */
export const requestChannels = [
  'view:get',
  'check:start',
  'notice:seen',
  'notice:acknowledge',
  'notice:defer',
  'link:open',
  'language:choose',
  'suspicion:report',
  'sent:list',
  'sent:get',
  'sent:export',
] as const;
export type RequestChannel = (typeof requestChannels)[number];

/** The main process tells, the window listens. */
export const eventChannels = ['view:changed', 'page:open'] as const;
export type EventChannel = (typeof eventChannels)[number];

/** Pages of the window, in the order of its navigation. */
export const pages = ['status', 'notices', 'sent', 'help', 'about'] as const;
export type PageName = (typeof pages)[number];

export const languages = ['de', 'en'] as const;
export type Language = (typeof languages)[number];
