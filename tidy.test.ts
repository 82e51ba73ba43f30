/**
 * House rules as a test: imports go one way, the core is pure, a library has one home, a plug-in is known only to its
 * registry, files stay small. Each list below is the rule; change it in the same commit as what needs it, and say why.
 */
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

/** What each folder may import of ours. Data flows from left to right, imports from right to left. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  forecaster: ['forecaster'],
  agents: ['agents', 'forecaster'],
  coordinator: ['coordinator', 'agents', 'forecaster'],
  datasets: ['datasets', 'forecaster'],
  services: ['services', 'datasets', 'coordinator', 'agents', 'forecaster'],
  experiments: ['experiments', 'services', 'datasets', 'coordinator', 'agents', 'forecaster'],
}
const FOLDERS = Object.keys(MAY_IMPORT)
/**
 * What may import against the flow, and why: a command of the one CLI that runs experiments. It loads them only when it
 * is called (`import()`), so that no other command, and no process that serves, waits for them or needs them installed.
 */
const LOADED_WHEN_CALLED: Readonly<Record<string, RegExp>> = {
  'services/cli/commands/experiment.ts': /^experiments\/[\w-]+\/command\.ts$/,
  'services/cli/commands/train.ts': /^experiments\/[\w-]+\/command\.ts$/,
  'services/cli/commands/tune.ts': /^experiments\/learning\/history\/command\.ts$/,
  'services/cli/commands/worker.ts': /^experiments\/runner\/command\.ts$/,
  'services/cli/commands/whatif.ts': /^experiments\/[\w-]+\/command\.ts$/,
}
const PURE_FOLDERS = ['forecaster', 'agents', 'coordinator']

/** Time, chance and the world come in as arguments. */
const BANNED_IN_PURE: Readonly<Record<string, RegExp>> = {
  'Date.now': /\bDate\.now\b/,
  'new Date()': /\bnew Date\(/,
  'Math.random': /\bMath\.random\b/,
  'performance.now': /\bperformance\./,
  'process.': /\bprocess\.(?!ts\b)/,
  'console.': /\bconsole\./,
  timers: /\b(setTimeout|setInterval|setImmediate|queueMicrotask)\(/,
  fetch: /\bfetch\(/,
}
/** Pure ones; a hash is a function of its input. */
const NODE_MODULES_IN_PURE = ['node:assert', 'node:assert/strict', 'node:crypto']
/** The library is WASM in a file of its package; it is found and loaded here and nowhere else. */
const MAY_LOAD_FILES = [
  'forecaster/models/arima-library.ts',
  // the kernel's compiler, run by hand
  'forecaster/neural/kernel/build.ts',
  'agents/learning/kernel/build.ts',
]

/** The one home of each library: files whose path begins so. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  // clouds' libraries are loaded when their actuator is configured
  '@aws-sdk/client-auto-scaling': ['services/actuators/aws/'],
  '@aws-sdk/client-ecs': ['services/actuators/aws/'],
  '@azure/arm-compute': ['services/actuators/azure.ts'],
  '@azure/identity': ['services/actuators/azure.ts'],
  '@googleapis/compute': ['services/actuators/gcp.ts'],
  // of experiments the bench alone: it is what the API is set beside
  '@hono/node-server': [
    'services/',
    'experiments/bench/http-server.ts',
    'experiments/bench/start.ts',
  ],
  '@grpc/grpc-js': ['services/kubernetes/scaler/'],
  '@grpc/proto-loader': ['services/kubernetes/scaler/'],
  '@hono/zod-openapi': ['services/http/'],
  '@influxdata/influxdb-client': ['datasets/sources/influx.ts', 'services/stores/influx/'],
  '@hono/otel': ['services/http/spans.ts'],
  '@kubernetes/client-node': ['services/kubernetes/'],
  '@libsql/client': ['services/ledger/', 'services/stores/'],
  '@opentelemetry/api': ['services/telemetry/'],
  '@opentelemetry/exporter-trace-otlp-http': ['services/telemetry/tracing.ts'],
  '@opentelemetry/resources': ['services/telemetry/tracing.ts'],
  '@opentelemetry/sdk-trace-node': ['services/telemetry/tracing.ts'],
  '@opentelemetry/semantic-conventions': ['services/telemetry/tracing.ts'],
  '@tensorflow/tfjs': ['services/tensorflow/'],
  '@tensorflow/tfjs-backend-wasm': ['services/tensorflow/'],
  arima: ['forecaster/models/arima'],
  assemblyscript: ['forecaster/neural/kernel/build.ts'],
  bullmq: ['services/jobs/'],
  '@nats-io/jetstream': ['services/events/'],
  '@nats-io/transport-node': ['services/events/'],
  '@platformatic/kafka': ['services/events/'],
  cloudevents: ['services/events/'],
  'rabbitmq-client': ['services/events/'],
  cockatiel: [
    'services/actuators/',
    'services/alerts/',
    'services/collector/',
    'services/events/',
    'services/kubernetes/',
    'services/loops/',
    'services/stores/',
  ],
  commander: ['services/cli/', 'services/collector/record.ts', 'experiments/'],
  // its import takes seconds, so nothing else may wait for it
  'date-holidays': ['services/covariates/holidays.ts'],
  'danfojs-node': ['datasets/danfo.ts'],
  'drizzle-kit': ['services/ledger/', 'services/stores/'],
  'drizzle-orm': ['services/ledger/', 'services/stores/'],
  'get-port': ['services/', 'experiments/'],
  highs: ['experiments/oracle/linear-bound.ts', 'experiments/validate/arbitration.ts'],
  hono: [
    'services/http/',
    'services/shop/',
    'services/load/',
    'services/collector/',
    'services/gateway/',
    'services/kubernetes/metrics-api/',
    'experiments/bench/http-server.ts',
    'experiments/bench/start.ts',
  ],
  'http-proxy-3': ['services/gateway/'],
  hyparquet: ['datasets/sources/parquet.ts'],
  'hyparquet-compressors': ['datasets/sources/parquet.ts'],
  'hyparquet-writer': ['datasets/export.ts', 'experiments/runner/tables.ts'],
  'ipaddr.js': ['services/access/', 'datasets/outbound/'],
  jose: ['services/access/jwt.ts'],
  'log-update': ['services/up/', 'services/cli/', 'experiments/'],
  pg: ['services/ledger/'],
  pino: ['services/'],
  'prom-client': ['services/telemetry/', 'services/shop/', 'services/gateway/'],
  protobufjs: ['experiments/runner/tensorboard.ts', 'services/stores/remote-write.ts'],
  snappyjs: ['services/stores/remote-write.ts'],
  'pure-rand': [
    'agents/learning/chance.ts',
    'forecaster/random.ts',
    'datasets/random.ts',
    'services/',
    'experiments/',
  ],
  'rate-limiter-flexible': ['services/access/limits.ts'],
  'swagger-ui-dist': ['services/http/'],
  'tfjs-node-native': ['services/tensorflow/'],
  undici: ['services/', 'datasets/outbound/', 'experiments/bench/http.ts'],
  // of the report only its files are read, to be put into the page
  uplot: [
    'services/dashboard/',
    'services/backtest/',
    'experiments/runner/',
    'experiments/whatif/',
  ],
  vite: ['services/dashboard/'],
  ws: ['services/http/'],
  yaml: ['services/config-', 'services/cli/', 'services/kubernetes/', 'experiments/'],
  zod: [''],
}

interface PluginFolder {
  /** The one file that knows the plug-ins. */
  readonly registry: string
  readonly plugins: readonly RegExp[]
  /** Files beside registry, tests and siblings that may import a plug-in, and why. */
  readonly exceptions: Readonly<Record<string, string>>
}
const PLUGINS: readonly PluginFolder[] = [
  {
    registry: 'forecaster/models/registry.ts',
    plugins: [/^forecaster\/models\/(?!registry|.*\.test)/],
    exceptions: {
      'forecaster/forecaster.ts':
        'follows seasonal naive and last value as the fallback of every model',
      'forecaster/look-ahead.ts': 'seasonal naive and last value speak when no model is left',
      'forecaster/forecaster-state.ts': 'the same',
    },
  },
  {
    registry: 'agents/policies/registry.ts',
    // what a trained policy is, as data, is everybody's; what the tick makes of it is the plug-in's
    plugins: [/^agents\/policies\/(?!registry|policy\.ts|learned\/|.*\.test)/],
    exceptions: {},
  },
  {
    registry: 'coordinator/guardrails/pipeline.ts',
    plugins: [/^coordinator\/guardrails\/(?!pipeline|guardrail\.ts|.*\.test)/],
    exceptions: {},
  },
  {
    registry: 'datasets/workload.ts',
    plugins: [/^datasets\/workloads\/(?!.*\.test)/],
    exceptions: {},
  },
  {
    registry: 'datasets/sources/registry.ts',
    // which columns are meant, and what a source is, are the same for all of them
    plugins: [/^datasets\/sources\/(?!registry|source\.ts|columns\.ts|.*\.test)/],
    exceptions: {},
  },
  {
    registry: 'services/stores/registry.ts',
    // line protocol and remote-write are forms in which samples come in, whatever the store
    plugins: [
      /^services\/stores\/(?!registry|config\.ts|sample-store\.ts|(line-protocol|remote-write|origins|backfill)\.ts|.*\.test)/,
    ],
    exceptions: {
      'services/stores/config.ts': 'asks whether a template of PromQL can be filled safely',
      'services/stores/backfill.ts': 'reads an embedded store, whatever store is filled from it',
      'services/kubernetes/learn/history.ts':
        "asks a cluster's own Prometheus by the store's client, whatever store there is",
      'services/kubernetes/resources/history.ts': 'the same',
    },
  },
  {
    registry: 'services/ledger/registry.ts',
    plugins: [
      /^services\/ledger\/(?!registry|config\.ts|upkeep\.ts|test-|(\w+-)?ledger\.ts|.*\.test)/,
    ],
    exceptions: {
      'services/ledger/upkeep.ts':
        'backs up, restores and checks the database of whichever kind is configured',
    },
  },
  {
    registry: 'services/actuators/registry.ts',
    plugins: [/^services\/actuators\/(?!registry|config\.ts|actuator\.ts|.*\.test)/],
    exceptions: {
      'services/loops/controller.ts':
        'hands the counts that a caller reported to the actuator "caller"',
    },
  },
]

const LONGEST_FILE_LINES = 300
/** A test that is longer is split by subject: each file reads as a specification of one. */
const LONGEST_TEST_LINES = 400

interface SourceFile {
  readonly name: string
  readonly isTest: boolean
  readonly text: string
  /** Without comments. */
  readonly code: string
  readonly imports: readonly string[]
}

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*['"]([@.\w][^'"\s]*)['"]/g

function readSource(name: string): SourceFile {
  const text = readFileSync(name, 'utf8')
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1')
  const imports = [...code.matchAll(IMPORT)].map((match) => match[1] ?? '')
  const isTest = /\.(test|suite)\.ts$|(^|\/)(conformance|test-)[^/]*\.ts$/.test(name)
  return { name, isTest, text, code, imports }
}

const sources = globSync([...FOLDERS.map((f) => `${f}/**/*.{ts,tsx}`), '*.ts'])
  .filter((name) => !/(^|\/)(node_modules|dist)\//.test(name))
  .sort()
  .map(readSource)
const productCode = sources.filter((source) => !source.isTest)
const inFolder = (folders: readonly string[]) => (source: SourceFile) =>
  folders.includes(source.name.split('/')[0] ?? '')

/** Our own files that `source` imports, from the root of the repository. */
function ours(source: SourceFile): string[] {
  return source.imports
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => path.join(path.dirname(source.name), specifier))
}

function packagesOf(source: SourceFile): string[] {
  return source.imports
    .filter((specifier) => !/^(\.|node:|virtual:)/.test(specifier))
    .map((specifier) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/'),
    )
}

describe('imports', () => {
  it('go one way: forecaster ← agents ← coordinator ← services ← experiments', () => {
    const wrong = sources.filter(inFolder(FOLDERS)).flatMap((source) => {
      const allowed = MAY_IMPORT[source.name.split('/')[0] ?? ''] ?? []
      return ours(source)
        .filter((target) => FOLDERS.includes(target.split('/')[0] ?? ''))
        .filter((target) => !allowed.includes(target.split('/')[0] ?? ''))
        .filter((target) => !LOADED_WHEN_CALLED[source.name]?.test(target))
        .map((target) => `${source.name} → ${target}`)
    })
    expect(wrong).toEqual([])
  })

  it('against that way are `import()`s only', () => {
    const loaders = sources.filter(({ name }) => name in LOADED_WHEN_CALLED)
    const early = loaders.flatMap(({ name, code }) =>
      [...code.matchAll(/\bimport\s+(?!type\b)[^(]*?from\s*['"]([^'"]+)['"]/g)]
        .map((match) => path.join(path.dirname(name), match[1] ?? ''))
        .filter((target) => target.startsWith('experiments/'))
        .map((target) => `${name} → ${target}`),
    )
    expect(early).toEqual([])
  })

  it('name the file itself, with its ending', () => {
    const wrong = sources.flatMap((source) =>
      source.imports
        .filter((s) => s.startsWith('.') && !/\.(ts|tsx|js|json|css|svg|wasm)(\?.*)?$/.test(s))
        .map((s) => `${source.name} → ${s}`),
    )
    expect(wrong).toEqual([])
  })

  it('never go through a barrel', () => {
    const barrels = productCode.filter(
      ({ name, code }) =>
        /(^|\/)index\.tsx?$/.test(name) || /\bexport\s+(\*|\{[^}]*\})\s*from\b/.test(code),
    )
    expect(barrels.map((source) => source.name)).toEqual([])
  })

  it('of a library stand only in its home', () => {
    // a tool's own configuration is no product code either
    const files = productCode.filter(({ name }) => !/\.(config|setup)\.ts$/.test(name))
    const wrong = files.flatMap((source) =>
      packagesOf(source)
        .filter((name) => !(HOMES[name] ?? []).some((home) => source.name.startsWith(home)))
        .map((name) => `${source.name} → ${name}`),
    )
    expect(wrong).toEqual([])
  })

  it.each(PLUGINS)('of a plug-in stand only in $registry', ({ registry, plugins, exceptions }) => {
    const folder = plugins.map((plugin) => plugin.source)
    const wrong = productCode
      .filter(({ name }) => name !== registry && !(name in exceptions))
      .filter(
        ({ name }) =>
          !name.startsWith('experiments/') && !plugins.some((plugin) => plugin.test(name)),
      )
      .flatMap((source) =>
        ours(source)
          .filter((target) => plugins.some((plugin) => plugin.test(target)))
          .map((target) => `${source.name} → ${target}`),
      )
    expect(wrong, folder.join()).toEqual([])
  })
})

describe('the pure folders', () => {
  const pure = productCode.filter(inFolder(PURE_FOLDERS))

  it.each(Object.entries(BANNED_IN_PURE))('do not use %s', (_name, pattern) => {
    expect(pure.filter(({ code }) => pattern.test(code)).map((source) => source.name)).toEqual([])
  })

  it('import nothing of Node that touches the world', () => {
    const wrong = pure
      .filter(({ name }) => !MAY_LOAD_FILES.includes(name))
      .flatMap((source) =>
        source.imports
          .filter((s) => s.startsWith('node:') && !NODE_MODULES_IN_PURE.includes(s))
          .map((s) => `${source.name} → ${s}`),
      )
    expect(wrong).toEqual([])
  })
})

describe('files', () => {
  it(`have at most ${LONGEST_FILE_LINES} lines, tests ${LONGEST_TEST_LINES}`, () => {
    const lines = ({ text }: SourceFile) => text.split('\n').length - 1
    const most = ({ isTest }: SourceFile) => (isTest ? LONGEST_TEST_LINES : LONGEST_FILE_LINES)
    const long = sources.filter((source) => lines(source) > most(source))
    expect(long.map((source) => `${source.name}: ${lines(source)}`)).toEqual([])
  })

  it('begin by saying what they are', () => {
    const silent = productCode.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text))
    expect(silent.map((source) => source.name)).toEqual([])
  })

  it('leave nothing for later', () => {
    const unfinished = sources.filter(
      ({ name, text }) => name !== 'tidy.test.ts' && /\b(TODO|FIXME|XXX)\b/.test(text),
    )
    expect(unfinished.map((source) => source.name)).toEqual([])
  })
})

describe('this test', () => {
  it('reads the repository', () => {
    expect(productCode.length).toBeGreaterThan(100)
    const tick = sources.find((source) => source.name === 'coordinator/tick.ts')
    expect(ours(tick ?? readSource('coordinator/tick.ts'))).toContain('agents/agent.ts')
  })

  it('sees every form of import, and none in a comment', () => {
    const code = `import a from 'one'\nimport 'two'\nexport { b } from "three"\nconst c = await import('four')`
    expect([...code.matchAll(IMPORT)].map((m) => m[1])).toEqual(['one', 'two', 'three', 'four'])
  })
})
