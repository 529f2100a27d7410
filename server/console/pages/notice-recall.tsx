/** Asks before a notice is taken back. */
import type { JSX } from 'preact';
import type { NoticeEntry } from '../../api/contract.ts';
import { change } from '../api.ts';
import { Confirm } from '../parts/confirm.tsx';
import { useSpeech } from '../speech.ts';

interface RecallProps {
  readonly notice: NoticeEntry;
  readonly recalled: () => void;
  readonly close: () => void;
}

export function NoticeRecall({ notice, recalled, close }: RecallProps): JSX.Element {
  const { t, language } = useSpeech();
  return (
    <Confirm
      title={t.noticeRecallTitle}
      text={t.noticeRecallText(notice.title[language] ?? notice.title.de)}
      verb={t.noticeRecall}
      grave
      act={async () => {
        await change<NoticeEntry>(`notices/${notice.id}/recall`, { method: 'POST' });
        recalled();
      }}
      close={close}
    />
  );
}
