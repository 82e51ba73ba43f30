/** `forescale whatif`: reads manifests and load, replays, prints, writes, judges. Loaded only when it is called. */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { readSpanMs } from '../../datasets/time.ts'
import { CommandFailure, EXIT } from '../../services/cli/exit-codes.ts'
import type { Terminal } from '../../services/cli/terminal.ts'
import { type Manifest, ManifestError } from '../../services/kubernetes/manifests/manifest.ts'
import { readManifests } from '../../services/kubernetes/manifests/read.ts'
import { type DeclaredOptions, declaredOf } from './declared.ts'
import { documentOf, type WhatifDocument } from './document.ts'
import { factsOf } from './facts.ts'
import { ConditionError, judge, readCondition } from './fail-on.ts'
import { historyOf, ThinHistory } from './history.ts'
import { type LoadOptions, readLoads, type SourceName, seriesOf } from './loads.ts'
import { reportHtml } from './report.ts'
import { loadTest, type Replayed } from './scenario.ts'
import { showDocument } from './views.ts'
import { runWhatif, type Whatif, type WhatifInput } from './whatif.ts'

/** As commander hands them over. */
export interface CommandOptions {
  readonly source: SourceName
  readonly file?: string
  readonly columns?: readonly string[]
  readonly timeColumn?: string
  readonly step?: string
  readonly counts?: boolean
  readonly server?: string
  readonly query?: string
  readonly label: string
  readonly org?: string
  readonly bucket?: string
  readonly measurement: string
  readonly field: string
  readonly config?: string
  readonly days: number
  readonly until?: string
  readonly hpa: readonly string[]
  readonly baseline?: readonly string[]
  readonly capacity?: number
  readonly price: number
  readonly startup: string
  readonly serviceTime?: string
  readonly slo: string
  readonly objective: number
  readonly cpuAtCapacity?: string
  readonly utilizationAtCapacity: number
  readonly signal?: readonly string[]
  readonly tolerance: number
  readonly sync: string
  readonly downscaleStabilization: string
  readonly learn?: number
  readonly budget?: number
  readonly refit?: string
  readonly seed: number
  readonly quick?: boolean
  readonly failOn?: readonly string[]
  readonly out?: string
  readonly json?: boolean
}

/** The exit code; throws CommandFailure, DatasetError or DatasetUnreachable. */
export async function whatif(
  options: CommandOptions,
  configFile: string | undefined,
  terminal: Terminal,
): Promise<number> {
  try {
    return await runCommand(options, configFile, terminal)
  } catch (error) {
    throw asFailure(error)
  }
}

/** A wrong manifest is a wrong configuration; a history that is too thin is how things stand. */
function asFailure(cause: unknown): unknown {
  if (cause instanceof ManifestError)
    return new CommandFailure(EXIT.configInvalid, cause.message, undefined, { cause })
  if (cause instanceof ThinHistory)
    return new CommandFailure(EXIT.conflict, `too little history: ${cause.message}`, undefined, {
      cause,
    })
  if (cause instanceof ConditionError)
    return new CommandFailure(EXIT.usage, cause.message, undefined, { cause })
  return cause
}

async function runCommand(
  options: CommandOptions,
  configFile: string | undefined,
  terminal: Terminal,
): Promise<number> {
  const conditions = (options.failOn ?? []).map(readCondition)
  if (options.baseline === undefined)
    for (const { text, arm, test } of conditions)
      if (arm === 'baseline' || (test.kind === 'rise' && arm === 'manifest'))
        throw new ConditionError(
          `fail-on: "${text}" needs --baseline, the manifest to compare with`,
        )
  const { input, warnings } = await inputOf(options, configFile, terminal)
  const ran = runWhatif({ ...input, onRun: (_, label) => progress(terminal, label) })
  if (terminal.stderr.isTTY) terminal.stderr.write('\r\u001b[K')
  const plain = documentOf(ran, warnings)
  const facts = factsOf(ran, plain)
  const document = { ...plain, verdicts: conditions.map((one) => judge(one, facts)) }
  if (options.out !== undefined) write(options.out, ran, document, terminal)
  if (options.json) terminal.printJson(document)
  else showDocument(document, terminal)
  return document.verdicts.some(({ isMet }) => isMet) ? EXIT.thresholdNotMet : EXIT.ok
}

function progress({ stderr }: Terminal, label: string): void {
  if (stderr.isTTY) stderr.write(`\r\u001b[Kreplaying ${label} …`)
}

async function inputOf(
  options: CommandOptions,
  configFile: string | undefined,
  terminal: Terminal,
): Promise<{ input: WhatifInput; warnings: readonly string[] }> {
  const declaredOptions = declaredOptionsOf(options)
  const { manifests, left } = readManifests(options.hpa)
  const declared = manifests.map((manifest) => declaredOf(manifest, declaredOptions))
  const before = options.baseline && pairsOf(manifests, readManifests(options.baseline).manifests)
  const read = await terminal.waitFor(
    'reading the load',
    readLoads(loadOptionsOf(options, configFile, terminal)),
  )
  const wanted = manifests.map((manifest, i) => ({ manifest, service: declared[i]!.service }))
  const series = seriesOf(wanted, read)
  const history = historyOf(series, { learnDays: options.learn })
  const services = manifests.map((manifest, i): Replayed => {
    const own = { manifest, declared: declared[i]!, history: history.services[i]! }
    return { ...own, capacityWithinSlo: loadTest(manifest, own.declared, own.history) }
  })
  const baseline = before?.map((manifest, i) => ({
    ...services[i]!,
    manifest,
    declared: declaredOf(manifest, declaredOptions),
  }))
  const others = read.filter((one) => !series.includes(one)).map(({ service }) => service)
  const warnings = [
    ...(left.length > 0 ? [`not replayed: ${left.join(', ')}`] : []),
    ...(others.length > 0 ? [`load without a manifest: ${others.join(', ')}`] : []),
  ]
  const cluster = {
    tolerance: options.tolerance,
    syncSeconds: readSpanMs(options.sync, '--sync') / 1000,
    downscaleStabilizationSeconds:
      readSpanMs(options.downscaleStabilization, '--downscale-stabilization') / 1000,
  }
  const { budget, seed, quick = false, refit } = options
  const refitMs = refit === undefined ? undefined : readSpanMs(refit, '--refit')
  return {
    input: { history, services, baseline, cluster, budget, seed, quick, refitMs },
    warnings,
  }
}

/** What a service is does not change with an edit of its manifest: its annotations are the edited one's. */
function pairsOf(manifests: readonly Manifest[], old: readonly Manifest[]): readonly Manifest[] {
  return manifests.map(({ place, target, namespace, annotations }) => {
    const before = old.find((one) => one.target.name === target.name && one.namespace === namespace)
    if (before !== undefined)
      return { ...before, annotations: { ...before.annotations, ...annotations } }
    const known = old.map((one) => `${one.namespace}/${one.target.name}`).join(', ')
    throw new ManifestError(
      place,
      'spec.scaleTargetRef',
      `${namespace}/${target.name}`,
      `a target that the baseline has too: ${known}`,
    )
  })
}

function declaredOptionsOf(options: CommandOptions): DeclaredOptions {
  const { capacity, price, startup, serviceTime, slo, objective, signal = [] } = options
  const { cpuAtCapacity, utilizationAtCapacity } = options
  const signals = signal.map((text) => {
    const at = text.lastIndexOf('=')
    if (at > 0) return [text.slice(0, at), text.slice(at + 1)] as const
    throw new CommandFailure(
      EXIT.usage,
      `signal: "${text}" is not allowed; allowed: METRIC=load, METRIC=queue, METRIC=in-flight`,
    )
  })
  return {
    ...{ capacity, objective, cpuAtCapacity, utilizationAtCapacity },
    pricePerReplicaHour: price,
    startupSeconds: startup === '0' ? 0 : readSpanMs(startup, '--startup') / 1000,
    ...(serviceTime ? { serviceSeconds: readSpanMs(serviceTime, '--service-time') / 1000 } : {}),
    sloSeconds: readSpanMs(slo, '--slo') / 1000,
    signals: Object.fromEntries(signals),
  }
}

function loadOptionsOf(
  options: CommandOptions,
  configFile: string | undefined,
  { env, nowMs }: Terminal,
): LoadOptions {
  const { source, file, columns, timeColumn, step, counts = false, server, query } = options
  const { label, org, bucket, measurement, field, days, until } = options
  const untilMs = until === undefined ? nowMs() : Date.parse(until)
  if (Number.isNaN(untilMs))
    throw new CommandFailure(
      EXIT.usage,
      `until: "${until}" is not allowed; allowed: a time like 2026-11-21T08:00:00Z`,
    )
  return {
    ...{ source, file, columns, timeColumn, counts, server, query, label, org, bucket },
    ...{ measurement, field, days, untilMs, configFile, env },
    token: env.FORESCALE_SOURCE_TOKEN,
    stepMs: step === undefined ? undefined : readSpanMs(step, '--step'),
  }
}

function write(folder: string, ran: Whatif, document: WhatifDocument, terminal: Terminal): void {
  mkdirSync(folder, { recursive: true })
  const page = path.join(folder, 'report.html')
  writeFileSync(page, reportHtml(ran, document))
  writeFileSync(path.join(folder, 'results.json'), `${JSON.stringify(document, null, 2)}\n`)
  terminal.say(`wrote ${page} and results.json beside it`)
}
