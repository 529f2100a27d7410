import { expect, test } from 'vitest';
import { createEventReader, NotEvents } from '../../../agent/report/event-lines.ts';
import { fc } from '../../fixtures/properties.ts';

const read = (...chunks: (string | Uint8Array)[]) => {
  const reader = createEventReader();
  return chunks.flatMap((chunk) => reader(Buffer.from(chunk as string)));
};

test('an event is complete with its empty line, however it was cut into pieces', () => {
  const text =
    ': heartbeat\n\nevent: notice\nid: a-1\ndata: {"notice":"Grüße"}\n\n:\n\nevent: policy\r\nid: b\r\ndata: {}\r\n\r\n';
  const events = [
    { name: 'notice', id: 'a-1', data: '{"notice":"Grüße"}' },
    { name: 'policy', id: 'b', data: '{}' },
  ];
  const bytes = Buffer.from(text);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), (cuts) => {
      const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
      expect(read(...chunks)).toEqual(events);
    }),
  );
});

test('half an event is none, and unknown fields are passed over', () => {
  expect(read('event: policy\ndata: {}\n')).toEqual([]);
  expect(read('retry: 1\nevent: policy\nfoo\ndata: {}\n\n')).toEqual([{ name: 'policy', id: '', data: '{}' }]);
  expect(read('data: {}\n\n')).toEqual([]);
});

test('a line without end is no stream of events, with and without line feed', () => {
  expect(() => read(...Array.from({ length: 20 }, () => 'x'.repeat(10_000)))).toThrow(NotEvents);
  expect(() => read(`data: ${'x'.repeat(200_000)}\n`)).toThrow(NotEvents);
});

test('any bytes at all end in events or in NotEvents', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 400 })), (chunks) => {
      for (const { name } of read(...chunks)) expect(name).not.toBe('');
    }),
  );
});
