/**
 * `forescale keys`: who may come in. On the machine that holds the ledger it needs no key (so that the first one can be
 * made); with --url it asks the controller, as any admin may.
 */
import { randomBytes } from 'node:crypto'
import { type Command, Option } from 'commander'
import { z } from 'zod'
import { ApiKey, KeyId, KeyName } from '../../access/api-key.ts'
import { type CreatedKey, createKeyRing, KeyError, type KeyRing } from '../../access/key-ring.ts'
import { GroupName, Role } from '../../access/role.ts'
import { createAuditLog } from '../../audit/audit.ts'
import { read } from '../api.ts'
import { act, type Context, configOption, jsonOption, wholeNumber } from '../context.ts'
import { CommandFailure, EXIT } from '../exit-codes.ts'
import { type Column, fromNow, table } from '../format.ts'
import { withLedger } from '../ledger-at-hand.ts'
import type { Surroundings, Terminal } from '../terminal.ts'

const HOUR_MS = 3600_000
const MOST_DAYS = 3660
const MACHINE = 'machine'
const Created = z.strictObject({ key: ApiKey, token: z.string() })
const Keys = z.strictObject({ items: z.array(ApiKey) })

interface Wanted {
  readonly name: string
  readonly role: Role
  readonly groups: string[] | null
  readonly days: number | null
}

/** The same four deeds on the machine and by the API. */
interface KeyDoor {
  list(): Promise<readonly ApiKey[]>
  create(wanted: Wanted): Promise<CreatedKey>
  rotate(id: string, overlapHours: number): Promise<CreatedKey>
  revoke(id: string): Promise<ApiKey>
}

type Add = (program: Command, around: Surroundings, done: (code: number) => void) => void

export const addKeys: Add = (program, around, done) => {
  const group = program
    .command('keys')
    .helpGroup('Act:')
    .description('API keys: make, list, replace and revoke them')
    .addHelpText('after', '\nExamples:\n  forescale keys create --role admin --name ann')
  addCreate(group, around, done)
  addList(group, around, done)
  addRotate(group, around, done)
  addRevoke(group, around, done)
}

const addCreate: Add = (group, around, done) => {
  const command = group
    .command('create')
    .description('make a key; it is printed once, and only its hash is kept')
    .addOption(
      new Option('--role <role>', 'what it may do').choices(Role.options).makeOptionMandatory(),
    )
    .requiredOption('--name <name>', 'who or what will use it')
    .option('--group <group...>', 'only services of these groups (http.auth.groups)')
    .option('--days <days>', 'days until it ends; 0: never', wholeNumber(0, MOST_DAYS), 90)
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  forescale keys create --role admin --name ann\n  export FORESCALE_API_KEY=$(forescale keys create --role viewer --name grafana --days 0)\n  forescale keys create --role operator --name cart-team --group cart',
    )
  act(command, around, done, (context, options) =>
    atDoor(context, options, around, async (door) => {
      const { days } = options
      const wanted: Wanted = {
        name: checked(KeyName, options.name, '--name'),
        role: Role.parse(options.role),
        groups:
          options.group === undefined
            ? null
            : checked(z.array(GroupName), options.group, '--group'),
        days: days === 0 ? null : Number(days),
      }
      showCreated(await door.create(wanted), options.json, context.terminal)
    }),
  )
}

const addList: Add = (group, around, done) => {
  const command = group
    .command('list')
    .description('all keys, with who made them, when they were last used and when they end')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale keys list\n  forescale keys list --json')
  act(command, around, done, (context, options) =>
    atDoor(context, options, around, async (door) => {
      const keys = await door.list()
      if (options.json) context.terminal.printJson({ items: keys })
      else showKeys(keys, context.terminal)
    }),
  )
}

const addRotate: Add = (group, around, done) => {
  const command = group
    .command('rotate')
    .description('make a key like this one, which ends after the overlap')
    .argument('<id>', 'of the key, as listed')
    .option('--overlap <hours>', 'how long the old one goes on to work', wholeNumber(0, 720), 24)
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale keys rotate 0123456789ab --overlap 48')
  act(command, around, done, (context, options, [id]) =>
    atDoor(context, options, around, async (door) => {
      const created = await door.rotate(checked(KeyId, id, 'id'), Number(options.overlap))
      showCreated(created, options.json, context.terminal)
    }),
  )
}

const addRevoke: Add = (group, around, done) => {
  const command = group
    .command('revoke')
    .description('end a key; running controllers refuse it within five seconds')
    .argument('<id>', 'of the key, as listed')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  forescale keys revoke 0123456789ab')
  act(command, around, done, (context, options, [id]) =>
    atDoor(context, options, around, async (door) => {
      const key = await door.revoke(checked(KeyId, id, 'id'))
      if (options.json) context.terminal.printJson(key)
      else context.terminal.print(`revoked: ${key.id} (${key.name})`)
    }),
  )
}

async function atDoor(
  { api, urlGiven }: Context,
  { config }: Record<string, unknown>,
  around: Surroundings,
  work: (door: KeyDoor) => Promise<void>,
): Promise<undefined> {
  if (urlGiven) {
    await work(remoteDoor(api))
    return undefined
  }
  await withLedger(config, around, async (ledger, { http }) => {
    const { nowMs } = around
    const groups = () => http.auth.groups
    const ring = createKeyRing({ ledger, groups, nowMs, random: randomBytes })
    await work(localDoor(ring, createAuditLog(ledger, nowMs).append, nowMs))
  })
  return undefined
}

function remoteDoor({ raw, url }: Context['api']): KeyDoor {
  return {
    list: async () => read(Keys, await raw('GET', '/v1/keys'), url).items,
    create: async (wanted) => read(Created, await raw('POST', '/v1/keys', wanted), url),
    rotate: async (id, overlapHours) =>
      read(Created, await raw('POST', `/v1/keys/${id}/rotate`, { overlapHours }), url),
    revoke: async (id) => read(ApiKey, await raw('POST', `/v1/keys/${id}/revoke`, {}), url),
  }
}

function localDoor(
  ring: KeyRing,
  record: ReturnType<typeof createAuditLog>['append'],
  nowMs: () => number,
): KeyDoor {
  const note = (action: string, target: string | null, detail: object) =>
    record({ actor: MACHINE, action, target, detail })
  return {
    list: ring.list,
    async create({ days, ...wanted }) {
      await note('key.create', null, { ...wanted, days })
      const expiresAtMs = days === null ? null : nowMs() + days * 24 * HOUR_MS
      return ring.create({ ...wanted, expiresAtMs }, MACHINE).catch(told)
    },
    async rotate(id, overlapHours) {
      await note('key.rotate', id, { overlapHours })
      return found(await ring.rotate(id, overlapHours * HOUR_MS, MACHINE).catch(told), id)
    },
    async revoke(id) {
      await note('key.revoke', id, {})
      return found(await ring.revoke(id, MACHINE), id)
    },
  }
}

function told(error: unknown): never {
  if (error instanceof KeyError) throw new CommandFailure(EXIT.usage, error.message)
  throw error
}

function found<T>(row: T | undefined, id: string): T {
  if (row !== undefined) return row
  throw new CommandFailure(
    EXIT.failure,
    `there is no key "${id}"`,
    'forescale keys list shows them',
  )
}

function checked<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const allowed = parsed.error.issues[0]?.message
  throw new CommandFailure(
    EXIT.usage,
    `${what}: ${JSON.stringify(value)} is not allowed; allowed: ${allowed}`,
  )
}

function showCreated({ key, token }: CreatedKey, json: unknown, terminal: Terminal): void {
  if (json) {
    terminal.printJson({ key, token })
    return
  }
  const end =
    key.expiresAtMs === null ? 'never ends' : `ends ${fromNow(key.expiresAtMs, terminal.nowMs())}`
  terminal.say(
    `key ${key.id} (${key.name}, ${key.role}) ${end}; this is the only time it is shown:`,
  )
  terminal.print(token)
}

function showKeys(keys: readonly ApiKey[], terminal: Terminal): void {
  if (keys.length === 0) {
    terminal.print('there is no key: forescale keys create makes one')
    return
  }
  const nowMs = terminal.nowMs()
  const columns: Column<ApiKey>[] = [
    { title: 'id', text: ({ id }) => id },
    { title: 'name', text: ({ name }) => name },
    { title: 'role', text: ({ role }) => role },
    { title: 'services', text: ({ groups }) => groups?.join(', ') ?? 'all' },
    { title: 'made by', text: ({ createdBy }) => createdBy },
    {
      title: 'last used',
      text: ({ lastUsedAtMs }) => (lastUsedAtMs === null ? 'never' : fromNow(lastUsedAtMs, nowMs)),
    },
    { title: 'ends', text: (key) => endOf(key, nowMs) },
  ]
  for (const line of table(columns, keys)) terminal.print(line)
}

function endOf({ revokedAtMs, revokedBy, expiresAtMs, replacedBy }: ApiKey, nowMs: number): string {
  if (revokedAtMs !== null) return `revoked ${fromNow(revokedAtMs, nowMs)} by ${revokedBy}`
  const after = replacedBy === null ? '' : `, replaced by ${replacedBy}`
  return (expiresAtMs === null ? 'never' : fromNow(expiresAtMs, nowMs)) + after
}
