import { expect, test } from 'vitest';
import { z } from 'zod';
import { defaultThresholds, policy, thresholds } from '../../../agent/contract/policy.ts';
import { fieldsOf, settingFields } from '../../../server/fleet/setting-fields.ts';

const described = (shape: z.ZodRawShape) => fieldsOf(z.toJSONSchema(z.object(shape), { io: 'input' }) as never);
const said = { de: 'Wozu', en: 'What for' };

test('every setting of the contract has its field, in its order; exceptions are none', () => {
  const { exceptions, ...settings } = policy.shape.settings.shape;
  const expected = Object.entries(settings).flatMap(([key, schema]) => {
    const inner = (schema as z.ZodOptional<z.ZodType>).unwrap();
    return inner instanceof z.ZodObject ? Object.keys(inner.shape).map((member) => `${key}.${member}`) : [key];
  });
  expect(exceptions).toBeDefined();
  expect(settingFields.map(({ key }) => key)).toEqual(expected);
});

test('a threshold brings its bounds, its unit and its preset', () => {
  const lock = settingFields.find(({ key }) => key === 'thresholds.screenLockSeconds');
  expect(lock).toMatchObject({ kind: 'number', unit: 's', minimum: 30, maximum: 86_400, whole: true, preset: 900 });
  for (const key of Object.keys(thresholds.shape) as (keyof typeof defaultThresholds)[]) {
    const field = settingFields.find((one) => one.key === `thresholds.${key}`);
    expect(field?.preset).toBe(defaultThresholds[key]);
  }
  expect(settingFields.find(({ key }) => key === 'backup.warningsCount')).toMatchObject({
    kind: 'boolean',
    preset: true,
  });
});

test('each kind of value has its editor', () => {
  const kinds = described({
    number: z.number().optional().meta(said),
    yesNo: z.boolean().optional().meta(said),
    choice: z.enum(['a', 'b']).optional().meta(said),
    choices: z
      .array(z.enum(['a', 'b']))
      .optional()
      .meta(said),
    text: z.string().max(20).optional().meta(said),
    texts: z.array(z.string().max(30)).max(4).optional().meta(said),
    day: z.iso.date().optional().meta(said),
    list: z
      .array(z.object({ owner: z.string().max(9).meta(said), until: z.iso.date().optional().meta(said) }))
      .optional()
      .meta(said),
    folder: z.object({
      entry: z
        .object({ owner: z.string().meta(said) })
        .optional()
        .meta(said),
    }),
  });
  expect(kinds.map(({ kind }) => kind)).toEqual([
    'number',
    'boolean',
    'choice',
    'choices',
    'text',
    'texts',
    'day',
    'list',
    'entry',
  ]);
  expect(kinds[8]).toMatchObject({ key: 'folder.entry', members: [{ key: 'owner', required: true }] });
  expect(kinds[2]).toMatchObject({ options: ['a', 'b'] });
  expect(kinds[5]).toMatchObject({ maxItems: 4, maxLength: 30 });
  expect(kinds[7]?.members).toMatchObject([
    { key: 'owner', kind: 'text', required: true, maxLength: 9 },
    { key: 'until', kind: 'day', required: false },
  ]);
});

test('a setting without a purpose, or of a kind no editor is known for, is an error and not left out', () => {
  expect(() => described({ silent: z.number() })).toThrow('silent does not say what it is for');
  expect(() => described({ odd: z.record(z.string(), z.number()).meta(said) })).toThrow('no editor');
});
