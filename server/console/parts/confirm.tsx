/** Asks before something is changed that others rely on: a modal `<dialog>`, so focus stays in it and returns after it. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { useSpeech } from '../speech.ts';
import { Failure } from './load-state.tsx';
import { start, useAction } from './use-action.ts';

interface ConfirmProps {
  readonly title: string;
  /** What happens then. */
  readonly text: string;
  /** On the button that does it. */
  readonly verb: string;
  readonly grave?: boolean;
  /** Nothing can be confirmed yet, such as before a choice is made. */
  readonly blocked?: boolean;
  readonly act: () => Promise<void>;
  readonly close: () => void;
  readonly children?: ComponentChildren;
}

/** Shown as long as it is rendered; `close` is called on cancel, on Escape and after `act` succeeded. */
export function Confirm(props: ConfirmProps): JSX.Element {
  const { title, text, verb, grave = false, blocked = false, act, close, children } = props;
  const { t } = useSpeech();
  const dialog = useRef<HTMLDialogElement>(null);
  const cancel = useRef<HTMLButtonElement>(null);
  const id = useId();
  const action = useAction();
  const quick = grave && children === undefined;
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
    // A grave step is not done by pressing Enter twice.
    if (quick) cancel.current?.focus();
  }, [quick]);
  const submit = (event: Event): void => {
    event.preventDefault();
    start(
      action.run(async () => {
        await act();
        dialog.current?.close();
      }),
    );
  };
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={close}>
      <form onSubmit={submit}>
        <h2 id={id}>{title}</h2>
        <p>{text}</p>
        {children}
        {action.error === undefined ? null : <Failure error={action.error} />}
        <div class="buttons">
          <button type="submit" class={grave ? 'grave' : 'main'} disabled={blocked || action.busy}>
            {verb}
          </button>
          <button type="button" ref={cancel} onClick={() => dialog.current?.close()}>
            {t.cancel}
          </button>
        </div>
      </form>
    </dialog>
  );
}
