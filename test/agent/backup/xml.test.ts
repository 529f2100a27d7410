/** The small reader of XML: what backup products write is understood, everything else refused. */
import { expect, test } from 'vitest';
import { elementsNamed, parseXml } from '../../../agent/backup/xml.ts';
import { CollectError } from '../../../agent/collectors/collector.ts';
import { fc, tries } from '../../fixtures/properties.ts';

test('elements, attributes, text, entities, CDATA and comments', () => {
  const root = parseXml(`\uFEFF<?xml version="1.0" encoding="utf-8"?><!-- x > y -->
    <Rathaus ort='M&#252;nster &amp; Umland' n:x="1>0"><a>eins &lt; zwei</a><a/><b><a><![CDATA[<c>]]></a></b> </Rathaus>`);
  expect(root.attributes).toEqual({ ort: 'Münster & Umland', 'n:x': '1>0' });
  expect(elementsNamed(root, 'a').map(({ text }) => text)).toEqual(['eins < zwei', '', '<c>']);
});

test.each([
  '',
  'text',
  '<a>',
  '<a></b>',
  '<a/><b/>',
  '<a x="1" x="2"/>',
  '<a x=1/>',
  '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
  '<a>'.repeat(100),
  '</a>',
  '<a/>rest',
  '<a b="<"/>',
])('%s is refused', (text) => {
  expect(() => parseXml(text)).toThrow(CollectError);
});

test('whatever comes, it is read or refused', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '<a>',
      '</a>',
      '<a x="',
      '"/>',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '&#x110000;',
      '&amp',
      '<?',
      '?>',
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      try {
        parseXml(pieces.join(''));
      } catch (error) {
        expect(error).toBeInstanceOf(CollectError);
      }
    }),
    { numRuns: tries(2000) },
  );
});

test("the attributes of Object are nobody's", () => {
  expect(parseXml('<a __proto__="x"/>').attributes['toString']).toBeUndefined();
});
