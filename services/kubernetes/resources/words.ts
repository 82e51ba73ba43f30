/** Advice in sentences. Pure. */
import { cpuQuantity, memoryQuantity } from './quantities.ts'
import type { ContainerAdvice, RequestEstimate } from './view.ts'

export interface WhyInput {
  readonly containers: readonly ContainerAdvice[]
  readonly savingPerHour: number | null
  readonly replicas: number | null
  readonly leastDays: number
}

export function whyOf({ containers, savingPerHour, replicas, leastDays }: WhyInput): string {
  if (containers.length === 0) return 'too little history: no usage of its containers was seen'
  const short = containers.filter(({ cpu, memory }) => cpu === null || memory === null)
  const known = containers.filter(({ cpu, memory }) => cpu !== null || memory !== null)
  const rest = short.map((one) => shortOf(one, leastDays))
  if (known.length === 0) return rest.join('; ')
  const money =
    savingPerHour === null || replicas === null
      ? 'what it saves is not known, as not all containers have requests and estimates'
      : `${savingPerHour >= 0 ? 'saves' : 'costs'} $${Math.abs(savingPerHour).toFixed(3)}/h ${savingPerHour >= 0 ? 'of' : 'more than'} what ${Number(replicas.toPrecision(3))} replicas request today`
  return [...known.map(containerWords), money, ...rest].join('; ')
}

function shortOf({ container, historyDays, cpu, memory }: ContainerAdvice, least: number): string {
  if (historyDays >= least && (cpu !== null || memory !== null))
    return `${container}: its ${cpu === null ? 'CPU' : 'memory'} was never seen`
  return `${container}: too little history, ${figure(historyDays)} days of ${figure(least)}`
}

const figure = (days: number): string => String(Number(days.toPrecision(2)))

function containerWords({ container, cpu, memory }: ContainerAdvice): string {
  const parts = [
    cpu && `CPU ${changeWords(cpu, cpuQuantity)}`,
    memory && `memory ${changeWords(memory, memoryQuantity)}`,
  ]
  return `${container}: ${parts.filter(Boolean).join('; ')}`
}

function changeWords(estimate: RequestEstimate, write: (amount: number) => string): string {
  const { requested, target, isLeast } = estimate
  const least = isLeast ? ' (the minimum)' : ''
  if (requested === null) return `${write(target)}${least}, where nothing is requested`
  return `${write(target)}${least} instead of ${write(requested)}, ${VERDICTS[verdictOf(estimate)]}`
}

const VERDICTS = { much: 'too much', little: 'too little', fits: 'within the bounds' } as const

/** Whether what is requested today lies within the bounds. */
export function verdictOf({
  requested,
  lower,
  upper,
}: RequestEstimate): 'much' | 'little' | 'fits' {
  if (requested !== null && requested > upper) return 'much'
  return requested !== null && requested < lower ? 'little' : 'fits'
}
