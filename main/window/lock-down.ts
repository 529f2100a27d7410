/** Shuts everything a page could do beyond showing itself: navigation, windows, permissions, the network. */
import type { App, Session, WebContents } from 'electron';
import { appOrigin } from '../ipc/trusted-frame.ts';

/** Call before the first window: each web contents is locked when it is made. */
export function lockDownContents(app: Pick<App, 'on'>, warn: (line: string) => void): void {
  app.on('web-contents-created', (_event, contents) => lockDown(contents, warn));
}

function lockDown(contents: WebContents, warn: (line: string) => void): void {
  const refuse = (event: { preventDefault(): void }): void => {
    event.preventDefault();
    warn('a page tried to go elsewhere; refused');
  };
  contents.on('will-navigate', refuse);
  contents.on('will-frame-navigate', refuse);
  contents.on('will-redirect', refuse);
  contents.on('will-attach-webview', refuse);
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}

type SessionToLock = Pick<
  Session,
  'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler'
> & { readonly webRequest: Pick<Session['webRequest'], 'onBeforeRequest'> };

/** `devTools`: whether the developer tools may load their own files; never in a packaged build. */
export function lockDownSession(session: SessionToLock, devTools: boolean): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest(({ url }, answer) => {
    const isOwn = url.startsWith(`${appOrigin}/`) || (devTools && url.startsWith('devtools://'));
    answer({ cancel: !isOwn });
  });
}
