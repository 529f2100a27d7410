/** What the preload hands to the page. */
import type { AppApi } from '../main/ipc/contract.ts';

declare global {
  interface Window {
    readonly kits: AppApi;
  }
}

export type { AppApi };
