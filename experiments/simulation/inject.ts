/** Faults as they act on the world: each begins now, and answers what ends it. */
import type { Controller } from '../../services/loops/controller.ts'
import type { Fault, ServerName } from './faults.ts'
import { clearLink, type Link, type Server, stopServer } from './network.ts'
import type { Node, World } from './world.ts'

type End = () => void

const nothing: End = () => {}

export function begin(world: World, fault: Fault): End {
  const { scheduler, platform, checker } = world
  const foreign = (): void => {
    checker.told.foreignMs = scheduler.nowMs()
  }
  switch (fault.kind) {
    case 'crash':
      return crash(world, world.nodes[fault.controller]!)
    case 'power-cut':
      world.powerCut()
      return () => {
        world.ledgerServer.isUp = true
      }
    case 'freeze':
      world.nodes[fault.controller]!.machine.freeze()
      return () => world.nodes[fault.controller]!.machine.thaw()
    case 'clock-jump':
      return jump(world, world.nodes[fault.controller]!, fault.byMs)
    case 'moved':
      return moved(world, fault.controller, fault.byMs)
    case 'clock-drift':
      return drift(world, fault.controller, fault.rate)
    case 'server-down':
      return down(serverOf(world, fault.server))
    case 'server-slow':
      return slow(serverOf(world, fault.server), fault.times)
    case 'server-fails':
      return fails(serverOf(world, fault.server), fault.before, fault.after)
    case 'partition':
      return onLink(world, fault.controller, fault.server, {
        requestsCut: fault.way !== 'answers',
        answersCut: fault.way !== 'requests',
      })
    case 'bad-link':
      return onLink(world, fault.controller, fault.server, {
        loss: fault.loss,
        duplication: fault.loss,
      })
    case 'late-requests':
      return onLink(world, fault.controller, fault.server, {
        lateness: 0.3,
        lateMs: world.knobs.config.tickMs,
      })
    case 'swizzle':
      return swizzle(world, fault.controller, fault.order, fault.forMs)
    case 'lie':
      world.lies.set(fault.service, fault.lie)
      return () => void world.lies.delete(fault.service)
    case 'rival':
      return rival(world, fault.service, fault.to, fault.times)
    case 'refused':
      return ailing(world, fault.service, { refuses: true })
    case 'never-ready':
      return ailing(world, fault.service, { neverReady: true })
    case 'quota':
      return ailing(world, fault.service, { quota: fault.pods })
    case 'recreated':
      platform.remove(fault.service)
      foreign()
      return () => platform.recreate(fault.service, fault.replicas)
    case 'wrong-forecasts':
      world.distort = DISTORTIONS[fault.how]
      return () => {
        world.distort = undefined
      }
    default:
      return operate(world, fault, foreign)
  }
}

/** What a person does by the API. */
function operate(world: World, fault: Fault, foreign: () => void): End {
  const { knobs } = world
  const someone = world.leader
  const tell = (work: Promise<void> | undefined): void => void work?.then(foreign, nothing)
  switch (fault.kind) {
    case 'pause':
      return pause(world, world.leader())
    case 'budget':
      foreign()
      tell(someone()?.setBudget(knobs.config.costBudgetPerHour * fault.times, 'operator'))
      return () => {
        foreign()
        tell(someone()?.setBudget(knobs.config.costBudgetPerHour, 'operator'))
      }
    case 'mode':
      tell(someone()?.setMode(fault.service, fault.mode, 'operator'))
      return () => tell(someone()?.setMode(fault.service, 'enforce', 'operator'))
    case 'reload':
      void someone()?.reloadConfig('operator').catch(nothing)
      return nothing
    default:
      throw new Error(`no such fault: ${fault.kind}`)
  }
}

/** In force once somebody was told so, and until somebody asks for the contrary. */
function pause({ checker, scheduler }: World, someone: Controller | undefined): End {
  let isOver = false
  void someone?.setPaused(true, 'operator').then(() => {
    if (!isOver) checker.told.pausedSinceMs = scheduler.nowMs()
  }, nothing)
  return () => {
    isOver = true
    checker.told.pausedSinceMs = undefined
    void someone?.setPaused(false, 'operator').catch(nothing)
  }
}

/** What is left of operators' doings is taken back, again and again until it is done. */
export async function restoreSettings(world: World): Promise<void> {
  const { config } = world.knobs
  const someone = world.leader()
  if (!someone) throw new Error('nobody leads')
  world.checker.told.pausedSinceMs = undefined
  await someone.setPaused(false, 'operator')
  await someone.setBudget(config.costBudgetPerHour, 'operator')
  for (const service of world.knobs.services) await someone.setMode(service, 'enforce', 'operator')
}

function crash(world: World, node: Node): End {
  world.kill(node)
  return () => {
    if (!node.machine.run()) world.start(node)
  }
}

function jump(world: World, node: Node, byMs: number): End {
  node.machine.jump(byMs)
  world.note(`${node.machine.name} jumps ${byMs} ms`)
  return () => node.machine.jump(-byMs)
}

/** As a virtual machine that goes to another host: there its clock is another, and at first nobody can be reached. */
function moved(world: World, controller: number, byMs: number): End {
  const ends = [
    jump(world, world.nodes[controller]!, byMs),
    ...(['ledger', 'store', 'platform'] as const).map((server) =>
      onLink(world, controller, server, { requestsCut: true, answersCut: true }),
    ),
  ]
  return () => {
    for (const end of ends) end()
  }
}

function drift(world: World, controller: number, rate: number): End {
  const { machine } = world.nodes[controller]!
  machine.drift(rate)
  return () => machine.drift(world.knobs.drifts[controller]!)
}

const serverOf = (world: World, name: ServerName): Server =>
  ({ ledger: world.ledgerServer, store: world.storeServer, platform: world.platformServer })[name]

function down(server: Server): End {
  stopServer(server)
  return () => {
    server.isUp = true
  }
}

function slow(server: Server, times: number): End {
  server.workMs *= times
  return () => {
    server.workMs /= times
  }
}

function fails(server: Server, before: number, after: number): End {
  server.failsBefore = before
  server.failsAfter = after
  return () => {
    server.failsBefore = 0
    server.failsAfter = 0
  }
}

function onLink(world: World, controller: number, server: ServerName, change: Partial<Link>): End {
  const link = world.network.link(
    world.nodes[controller]!.machine.name,
    serverOf(world, server).name,
  )
  Object.assign(link, change)
  return () => void Object.assign(link, clearLink())
}

/** One way after another is stopped up, and opened in the same order later (FoundationDB's swizzle-clogging). */
function swizzle(
  world: World,
  controller: number,
  order: readonly ServerName[],
  forMs: number,
): End {
  const { scheduler } = world
  const ends: End[] = []
  let isOver = false
  order.forEach((server, i) => {
    const afterMs = (i * forMs) / (2 * order.length)
    scheduler.at(scheduler.nowMs() + afterMs, () => {
      if (!isOver)
        ends.push(onLink(world, controller, server, { requestsCut: true, answersCut: true }))
    })
    scheduler.at(scheduler.nowMs() + forMs / 2 + afterMs, () => ends.shift()?.())
  })
  return () => {
    isOver = true
    for (const end of ends.splice(0)) end()
  }
}

function rival(world: World, service: string, to: number, times: number): End {
  const { scheduler, platform, knobs } = world
  for (let i = 0; i < times; i++)
    scheduler.at(scheduler.nowMs() + i * knobs.config.tickMs * 0.7, () => {
      if (platform.target(service)) platform.rival(service, to)
    })
  return nothing
}

function ailing(world: World, service: string, change: object): End {
  Object.assign(world.platform.ailments(service), change)
  return () =>
    void Object.assign(world.platform.ailments(service), {
      ...{ refuses: false, neverReady: false, quota: Number.POSITIVE_INFINITY },
    })
}

const DISTORTIONS: Record<
  Extract<Fault, { kind: 'wrong-forecasts' }>['how'],
  (values: Float64Array) => Float64Array
> = {
  zero: (values) => values.map(() => 0),
  enormous: (values) => values.map((value) => value * 1e4),
  inverted(values) {
    const most = values.reduce((a, b) => Math.max(a, Number.isNaN(b) ? 0 : b), 0)
    return values.map((value) => most - value)
  },
  late: (values) => values.map((_, k) => values[Math.max(0, k - 7)]!),
}
