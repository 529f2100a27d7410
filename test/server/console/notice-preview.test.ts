/** What the console shows as a preview is what stands in the window of the PC: both sides have texts of their own. */
import { describe, expect, test } from 'vitest';
import { textsFor } from '../../../renderer/texts.ts';
import { noticeTexts } from '../../../server/console/notice-texts.ts';

describe.each(['de', 'en'] as const)('the preview of a notice in %s', (language) => {
  const window = textsFor(language);
  test.each([
    ['how urgent it is', noticeTexts.noticeSeverities[language], window.severity],
    ['who says it', noticeTexts.noticeFromSender[language]('KITS'), window.genuineSince('KITS', '').split(',')[0]],
    ['until when it holds', noticeTexts.noticeUntilTime[language]('27.11.'), window.validUntil('27.11.')],
    [
      'the button with a name',
      noticeTexts.noticeAcknowledgeByName[language]('Neustart'),
      window.acknowledgeByName('Neustart'),
    ],
    ['which name goes along', noticeTexts.noticeAnsweredByName[language]('x'), window.answeredByName('x')],
    ['who reads it', noticeTexts.noticeWhoReadsName[language], window.whoReadsName],
    ['the button', noticeTexts.noticeAcknowledge[language]('Neustart'), window.acknowledge('Neustart')],
  ])('names %s as the window does', (_name, console, shown) => {
    expect(console).toEqual(shown);
  });
});
