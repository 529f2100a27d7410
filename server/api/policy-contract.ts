/** Part of the contract in contract.ts, through which it is used: groups of devices, and policies. */
import { z } from 'zod';
import { sectionIds } from '../../agent/contract/facts/index.ts';
import { instant, text, uuid } from '../../agent/contract/field.ts';
import { policy } from '../../agent/contract/policy.ts';
import { pageQuery } from './page-query.ts';

const count = z.int().min(0);
const namedMunicipality = z.object({ id: uuid, name: text(120) });
const words = z.object({ de: z.string(), en: z.string() });

export const policyLevels = ['district', 'municipality', 'group', 'device'] as const;
export type PolicyLevel = (typeof policyLevels)[number];

/** Whose policy: `district`, or the level and the id, as in `group-8b6ce0c5-…`. */
export const policyAudience = z
  .string()
  .regex(/^(district|(municipality|group|device)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/);

/** The same schema, which refuses unknown keys at each depth: a misspelt one must not be ignored in silence. */
function strictly<T extends z.ZodType>(schema: T): T {
  const rebuilt = (def: object) => schema.clone({ ...schema.def, ...def }, { parent: true });
  if (schema instanceof z.ZodOptional) return rebuilt({ innerType: strictly(schema.def.innerType as z.ZodType) });
  if (schema instanceof z.ZodArray) return rebuilt({ element: strictly(schema.def.element as z.ZodType) });
  if (!(schema instanceof z.ZodObject)) return schema;
  const shape = Object.entries(schema.shape).map(([key, inner]) => [key, strictly(inner as z.ZodType)] as const);
  return rebuilt({ shape: Object.fromEntries(shape), catchall: z.never() });
}

const settingShape = policy.shape.settings.omit({ exceptions: true }).shape;
/** Known ones only, for the same reason. */
const sections = z.array(z.enum(sectionIds as [string, ...string[]])).max(64);

/** What a policy may say. Exceptions are decisions of their own (`/api/v1/exceptions`). */
export const policySettings = strictly(
  z.object({
    ...settingShape,
    withoutSections: sections.optional().meta({ ...settingShape.withoutSections.meta() }),
  }),
);
export type PolicySettings = z.infer<typeof policySettings>;

const simpleKinds = ['number', 'boolean', 'choice', 'choices', 'text', 'texts', 'day'] as const;
const memberField = z.object({
  /** As in the settings; a member of an object is "object.member". */
  key: text(120),
  kind: z.enum(simpleKinds),
  /** What it is for. */
  label: words,
  /** As in UCUM. */
  unit: z.string().max(20).nullable(),
  minimum: z.number().nullable(),
  maximum: z.number().nullable(),
  /** Numbers only: no fractions. */
  whole: z.boolean(),
  /** Greatest length of a text. */
  maxLength: count.nullable(),
  /** What a text must look like (a regular expression); null = anything. */
  pattern: z.string().max(500).nullable(),
  /** Most entries of a list. */
  maxItems: count.nullable(),
  options: z.array(z.string().max(60)),
  /** Of entries of a list: must be stated. */
  required: z.boolean(),
});
export type MemberField = z.infer<typeof memberField>;
/** One setting as the editor shows it, made from the contract. `GET /api/v1/policies/fields` */
export const settingField = memberField.extend({
  /** `list`: entries with the fields in `members`; `entry`: one of them, set as a whole. */
  kind: z.enum([...simpleKinds, 'list', 'entry']),
  members: z.array(memberField),
  /** In force where no policy says anything; null = the device decides. */
  preset: z.unknown(),
});
export type SettingField = z.infer<typeof settingField>;
export const settingFieldList = z.object({ items: z.array(settingField) });

/** `GET /api/v1/groups` */
export const groupQuery = z.object({
  municipality: uuid.optional(),
  state: z.enum(['active', 'deleted']).default('active'),
});
export const deviceGroup = z.object({
  id: uuid,
  name: text(80),
  municipality: namedMunicipality,
  /** 1 = first. Of two groups of a device the one that stands first wins. */
  position: count,
  /** Members, retired ones left out. */
  devices: count,
  /** How many settings its policy makes. */
  settings: count,
  createdAt: instant,
  createdBy: text(120),
  deletedAt: instant.nullable(),
  deletedBy: text(120).nullable(),
});
export type DeviceGroup = z.infer<typeof deviceGroup>;
/** By municipality, then in their order. */
export const groupList = z.object({ items: z.array(deviceGroup) });
/** `POST /api/v1/groups`: the new group stands last. */
export const groupRequest = z.object({ municipalityId: uuid, name: text(80) });
/** `PATCH /api/v1/groups/:id` */
export const groupChange = z.object({ name: text(80), position: z.int().min(1).max(1000) }).partial();
export type GroupChange = z.infer<typeof groupChange>;
/** `DELETE /api/v1/groups/:id`: memberships and policy end, the history of both stays. */
export const groupDeletion = z.object({ devices: count, policyEnded: z.boolean() });
/** `POST /api/v1/groups/:id/members`: all of it, or nothing when a device is not of the municipality. */
export const memberChange = z
  .object({ add: z.array(uuid).max(1000).default([]), remove: z.array(uuid).max(1000).default([]) })
  .strict();
export type MemberChange = z.infer<typeof memberChange>;
export const memberChangeResult = z.object({ added: count, removed: count, devices: count });

const origin = z.object({
  level: z.enum(policyLevels),
  /** Empty for the district. */
  id: z.string().max(36),
  name: z.string().max(253),
  /** Of that policy. */
  version: z.int().min(1),
});
export type PolicyOrigin = z.infer<typeof origin>;

const audienceInfo = z.object({
  level: z.enum(policyLevels),
  /** Empty for the district. */
  id: z.string().max(36),
  /** Empty for the district. */
  name: z.string().max(253),
  municipality: namedMunicipality.nullable(),
});

/** `GET /api/v1/policies` */
export const policyQuery = pageQuery.extend({
  municipality: uuid.optional(),
  /** `above-device`: all but those of single devices. */
  level: z.enum([...policyLevels, 'above-device']).optional(),
});
export const policyEntry = audienceInfo.extend({
  version: z.int().min(1),
  /** How many settings it makes; 0 = it was cleared. */
  settings: count,
  changedAt: instant,
  changedBy: text(120),
});
export type PolicyEntry = z.infer<typeof policyEntry>;
/** Youngest first; those of deleted groups are left out. */
export const policyList = z.object({ items: z.array(policyEntry), nextCursor: z.string().nullable() });

/** `GET /api/v1/policies/:audience` */
export const policyDocument = audienceInfo.extend({
  /** 0 = there never was one. */
  version: count,
  settings: policySettings,
  changedAt: instant.nullable(),
  changedBy: text(120).nullable(),
  /** Devices it reaches, retired ones left out. */
  devices: count,
  /** What wider policies say: in force where this one says nothing. */
  inherited: z.array(z.object({ key: text(120), value: z.unknown(), origin })),
});
export type PolicyDocument = z.infer<typeof policyDocument>;

/** `PUT /api/v1/policies/:audience`: the whole policy; what is left out is not said any more. */
export const policyChange = z.object({
  settings: policySettings,
  /** The version the change was made from; refused with `conflict` when another was stored meanwhile. */
  expectedVersion: count,
  reason: text(500).optional(),
});
export type PolicyChange = z.infer<typeof policyChange>;

/** `POST /api/v1/policies/:audience/restore`: makes a new version with the settings of an older one. */
export const policyRestore = policyChange.omit({ settings: true }).extend({ version: z.int().min(1) });

/** `POST /api/v1/policies/:audience/preview`: stores nothing. */
export const policyPreviewRequest = z.object({ settings: policySettings });
const previewDevice = z.object({
  id: uuid,
  hostname: text(253),
  municipality: namedMunicipality,
  changes: z.array(
    z.object({
      key: text(120),
      /** Null = the preset of the contract or of the device. */
      before: z.unknown(),
      after: z.unknown(),
      /** Null = the preset. */
      from: origin.nullable(),
      to: origin.nullable(),
    }),
  ),
});
export const policyPreview = z.object({
  /** Devices the policy reaches, retired ones left out. */
  devices: count,
  /** Devices for which another value would be in force. */
  changed: count,
  /** For how many devices each setting would change. */
  settings: z.array(z.object({ key: text(120), devices: count })),
  /** The first of the changed devices by name. */
  items: z.array(previewDevice).max(50),
});
export type PolicyPreview = z.infer<typeof policyPreview>;

/** `GET /api/v1/policies/:audience/history` */
export const policyVersion = z.object({
  version: z.int().min(1),
  settings: policySettings,
  changedAt: instant,
  changedBy: text(120),
  reason: z.string().max(500).nullable(),
  restoredFrom: z.int().min(1).nullable(),
  /** Against the version before. */
  changes: z.array(z.object({ key: text(120), before: z.unknown(), after: z.unknown() })),
});
export type PolicyVersion = z.infer<typeof policyVersion>;
/** Youngest first. */
export const policyHistory = z.object({ items: z.array(policyVersion), nextCursor: z.string().nullable() });
export type PolicyHistory = z.infer<typeof policyHistory>;

/** `GET /api/v1/devices/:id/policy` */
export const devicePolicy = z.object({
  /** Counts up with every change of what is in force for the device. */
  version: count,
  /** In the order in which they win. */
  groups: z.array(z.object({ id: uuid, name: text(80) })),
  /** Each setting there is. */
  values: z.array(
    z.object({
      key: text(120),
      /** Null = the device decides. */
      value: z.unknown(),
      /** Null = no policy says anything, the preset is in force. */
      origin: origin.nullable(),
    }),
  ),
});
export type DevicePolicyView = z.infer<typeof devicePolicy>;
