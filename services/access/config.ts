/** Who may come in, and how much of the API each of them may use. */
import { z } from 'zod'
import { Networks } from '../../datasets/outbound/config.ts'
import { GroupName, Role } from './role.ts'

const MINUTE_S = 60

/** Only signatures that the verifier cannot make itself: a shared secret would let every verifier issue tokens. */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const

const HttpsUrl = z
  .string()
  .regex(
    /^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/])[^\s@]+$/,
    'must be an https:// address (http:// on loopback only), without user and password',
  )

export const JwtConfig = z
  .strictObject({
    issuer: HttpsUrl.meta({
      description: 'Must equal `iss`; its keys are found by OpenID Connect discovery.',
    }),
    audience: z.string().min(1).meta({ description: '`aud` must hold it.' }),
    algorithms: z
      .array(z.enum(ALGORITHMS))
      .min(1)
      .default(['RS256', 'ES256'])
      .meta({ description: 'No other signature is accepted, whatever a token says.' }),
    jwksUrl: HttpsUrl.optional().meta({
      description: 'Where the keys are, when the issuer has no discovery document.',
    }),
    networks: Networks,
    skewSeconds: z
      .int()
      .min(0)
      .max(5 * MINUTE_S)
      .default(30)
      .meta({ description: 'By how much clocks may differ.' }),
    roleClaim: z.string().min(1).default('roles').meta({
      description: 'Claim that holds roles; dots lead into objects (realm_access.roles).',
    }),
    roles: z.record(z.string().min(1), Role).default({}).meta({
      description: 'Role here by value of that claim; the highest counts, none: no access.',
    }),
    groupClaim: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'Claim that names groups of services; not given: all services.' }),
  })
  .meta({ id: 'JwtConfig' })
export type JwtConfig = z.infer<typeof JwtConfig>

export const AuthConfig = z
  .strictObject({
    required: z.boolean().default(false).meta({
      description:
        'Every caller must show an API key or a token. false: nobody has to, and only loopback is listened on.',
    }),
    groups: z
      .record(GroupName, z.array(z.string().min(1)))
      .default({})
      .meta({
        description:
          'Names of services by group, `*` for any text; keys and tokens may be bound to groups.',
      }),
    jwt: JwtConfig.optional(),
    sessionMinutes: z
      .int()
      .min(1)
      .max(7 * 24 * 60)
      .default(12 * 60)
      .meta({ description: 'How long a sign-in on the dashboard holds.' }),
  })
  .meta({ id: 'AuthConfig' })
export type AuthConfig = z.infer<typeof AuthConfig>

export const LimitsConfig = z
  .strictObject({
    requestsPerSecond: z.int().min(1).max(1e6).default(500).meta({
      description:
        'Of one key or token, and of one address without; counted where http.auth.required.',
    }),
    failuresPerMinute: z.int().min(1).max(1e6).default(20).meta({
      description: 'Wrong keys or tokens from one address until it is blocked.',
    }),
    blockSeconds: z.int().min(1).max(86_400).default(300),
    connections: z
      .int()
      .min(1)
      .max(1e6)
      .default(2000)
      .meta({ description: 'Open at once; more are closed as they come.' }),
  })
  .meta({ id: 'LimitsConfig' })
export type LimitsConfig = z.infer<typeof LimitsConfig>
