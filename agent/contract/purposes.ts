/** Which field of a report is there for what: the values beside the reasons that stand in the contract. */
import { z } from 'zod';
import { factSchemas, type SectionId } from './facts/index.ts';
import { reportBody, reportEnvelope, type Section } from './report.ts';

export interface ExplainedField {
  /** Place in the report, such as "sections.memory.data.totalBytes". */
  readonly path: string;
  readonly value: string | number | boolean | null;
  /** Absent when the contract gives no reason; a test holds that this does not happen. */
  readonly de?: string;
  readonly en?: string;
  /** As in UCUM. */
  readonly unit?: string;
}

/** What this needs of JSON Schema (2020-12), with the reasons zod carries over. */
interface Node {
  readonly de?: string;
  readonly en?: string;
  readonly unit?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node | boolean;
  readonly anyOf?: readonly Node[];
}

const nodes = new Map<z.ZodType, Node>();
function nodeOf(schema: z.ZodType): Node {
  const known = nodes.get(schema) ?? (z.toJSONSchema(schema, { io: 'input' }) as Node);
  nodes.set(schema, known);
  return known;
}

/** Every single value of a report, in the order of its fields; sections by their id instead of their number. */
export function explainReport(report: {
  readonly envelope: unknown;
  readonly body: { readonly sections: readonly Section[] };
}): ExplainedField[] {
  const { sections, ...rest } = report.body;
  const sectionNode = child(nodeOf(reportBody), 'sections');
  const one = typeof sectionNode.items === 'object' ? sectionNode.items : {};
  return [
    ...explain(report.envelope, nodeOf(reportEnvelope), 'envelope', {}),
    ...explain(rest, nodeOf(reportBody), 'report', {}),
    ...sections.flatMap(({ data, ...section }) => [
      ...explain(section, one, `sections.${section.id}`, sectionNode),
      ...(data === undefined ? [] : explain(data, factsNode(section.id), `sections.${section.id}.data`, {})),
    ]),
  ];
}

function factsNode(id: string): Node {
  return Object.hasOwn(factSchemas, id) ? nodeOf(factSchemas[id as SectionId]) : {};
}

/** `above`: the reason of the field around it, which holds where a value has none of its own (a list of words). */
function explain(value: unknown, node: Node, path: string, above: Node): ExplainedField[] {
  const reason = node.de === undefined ? above : node;
  if (Array.isArray(value)) {
    const items = typeof node.items === 'object' ? node.items : {};
    // The parts of a list's entries have reasons of their own; plain entries share that of the list.
    return value.flatMap((entry: unknown, index) => explain(entry, items, `${path}[${index}]`, reason));
  }
  if (typeof value === 'object' && value !== null) {
    const isRecord = node.properties === undefined && typeof node.additionalProperties === 'object';
    return Object.entries(value).flatMap(([name, inner]) => {
      const inside = child(node, name);
      // Whoever names fields names a reason for each; only the keys of a record share one.
      return explain(inner, inside, `${path}.${name}`, isRecord ? reason : {});
    });
  }
  const { de, en, unit } = reason;
  return [
    {
      path,
      value: value as ExplainedField['value'],
      ...(de === undefined ? {} : { de }),
      ...(en === undefined ? {} : { en }),
      ...(unit === undefined ? {} : { unit }),
    },
  ];
}

function child(node: Node, name: string): Node {
  const found =
    node.properties !== undefined && Object.hasOwn(node.properties, name) ? node.properties[name] : undefined;
  if (found !== undefined) return found;
  for (const option of node.anyOf ?? []) {
    const inside = child(option, name);
    if (inside.de !== undefined || inside.properties !== undefined) return inside;
  }
  return typeof node.additionalProperties === 'object' ? node.additionalProperties : {};
}

export interface DescribedField {
  /** Below its part, entries of lists as "[]", such as "drives[].totalBytes". */
  readonly path: string;
  readonly de: string;
  readonly en: string;
  readonly unit?: string;
}

/** Every field a report can hold, part by part in the order of the contract: frame, report, then each section's facts. */
export function describedFields(): readonly { readonly part: string; readonly fields: readonly DescribedField[] }[] {
  const { sections: _sections, ...rest } = nodeOf(reportBody).properties ?? {};
  const section = child(nodeOf(reportBody), 'sections').items;
  return [
    { part: 'envelope', fields: fieldsOf(nodeOf(reportEnvelope)) },
    { part: 'report', fields: fieldsOf({ properties: rest }) },
    { part: 'section', fields: fieldsOf(typeof section === 'object' ? section : {}) },
    ...Object.entries(factSchemas).map(([id, schema]) => ({ part: id, fields: fieldsOf(nodeOf(schema)) })),
  ];
}

/** Fields with a reason; of those without one (objects, alternatives) what lies in them. The first of each path counts. */
function fieldsOf(node: Node, path = ''): DescribedField[] {
  const { de, en, unit, properties = {}, items, anyOf = [] } = node;
  const own = de === undefined || en === undefined ? [] : [{ path, de, en, ...(unit === undefined ? {} : { unit }) }];
  const inside = Object.entries(properties).flatMap(([name, inner]) =>
    fieldsOf(inner, path === '' ? name : `${path}.${name}`),
  );
  const entries = typeof items === 'object' ? fieldsOf(items, `${path}[]`) : [];
  const all = [...own, ...inside, ...entries, ...anyOf.flatMap((option) => fieldsOf(option, path))];
  return [...new Map(all.toReversed().map((field) => [field.path, field])).values()].toReversed();
}
