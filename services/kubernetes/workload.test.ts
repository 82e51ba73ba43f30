/** Names of workloads: one workload has one identity, one key, and one service name, and none is mistaken for another. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ServiceId } from '../../forecaster/series.ts'
import {
  identityOf,
  objectPath,
  parseWorkloadKey,
  scalePath,
  serviceNameFor,
  serviceOf,
  WorkloadRef,
  workloadFaults,
  workloadKey,
} from './workload.ts'

const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
const workload: fc.Arbitrary<WorkloadRef> = fc
  .record({
    namespace: label,
    name: fc.oneof(label, fc.stringMatching(/^[a-z0-9]([-.a-z0-9]{0,100}[a-z0-9])?$/)),
    type: fc.constantFrom(
      { kind: 'Deployment', apiVersion: 'apps/v1' },
      { kind: 'StatefulSet', apiVersion: 'apps/v1' },
      { kind: 'Rollout', apiVersion: 'argoproj.io/v1alpha1' },
    ),
  })
  .map(({ namespace, name, type }) => WorkloadRef.parse({ namespace, name, ...type }))

const web = WorkloadRef.parse({ namespace: 'shop', name: 'web' })
const rollout = WorkloadRef.parse({
  ...{ namespace: 'shop', kind: 'Rollout', name: 'web', apiVersion: 'argoproj.io/v1alpha1' },
})

describe('a workload', () => {
  it('is a Deployment of apps/v1 unless it says otherwise', () => {
    expect(web).toEqual({ ...web, kind: 'Deployment', apiVersion: 'apps/v1' })
  })

  it('of a kind that apps/v1 cannot scale needs its apiVersion', () => {
    const { error } = WorkloadRef.safeParse({ namespace: 'shop', kind: 'Rollout', name: 'web' })
    expect(error?.issues[0]).toMatchObject({
      path: ['kind'],
      message: expect.stringContaining('Deployment, StatefulSet, ReplicaSet'),
    })
  })

  it('has the paths of its API group', () => {
    expect(scalePath(web, 'deployments')).toBe(
      '/apis/apps/v1/namespaces/shop/deployments/web/scale',
    )
    expect(objectPath(rollout, 'rollouts')).toBe(
      '/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web',
    )
  })

  it('has a key that reads back', () => {
    expect(workloadKey(web)).toBe('shop/Deployment/web')
    expect(workloadKey(rollout)).toBe('shop/Rollout.v1alpha1.argoproj.io/web')
    fc.assert(
      fc.property(workload, (ref) => {
        expect(parseWorkloadKey(workloadKey(ref))).toEqual(ref)
      }),
    )
    for (const wrong of ['', 'web', 'shop/web', 'shop/deployment/web', 'a/Deployment/b/c'])
      expect(parseWorkloadKey(wrong)).toBeUndefined()
  })

  it('is found whatever version it is named by', () => {
    const workloads = new Map([['checkout', rollout]])
    expect(serviceOf(workloads, { ...rollout, apiVersion: 'argoproj.io/v1' })).toBe('checkout')
    expect(serviceOf(workloads, web)).toBeUndefined()
  })
})

describe('the service name of a workload that nobody named', () => {
  it('is readable where that is clear', () => {
    expect(serviceNameFor(web)).toBe('shop--web')
    expect(serviceNameFor({ ...web, kind: 'StatefulSet' })).toBe('shop--web--statefulset')
  })

  it('is a service name, and another for every other workload', () => {
    fc.assert(
      fc.property(workload, workload, (a, b) => {
        expect(ServiceId.safeParse(serviceNameFor(a)).success).toBe(true)
        expect(serviceNameFor(a) === serviceNameFor(b)).toBe(identityOf(a) === identityOf(b))
      }),
    )
  })

  it('does not confuse names that join alike', () => {
    const names = [
      { namespace: 'a--b', name: 'c' },
      { namespace: 'a', name: 'b--c' },
      { namespace: 'a', name: 'b.c' },
      { namespace: 'a', name: 'b-c' },
    ].map((ref) => serviceNameFor(WorkloadRef.parse(ref)))
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('the map', () => {
  it('names what is wrong with it: unknown services, and one workload for two', () => {
    const workloads = { shop: web, other: { ...web }, nobody: rollout }
    expect(
      workloadFaults({ services: { shop: {}, other: {} }, kubernetes: { workloads } }),
    ).toEqual([
      {
        path: ['kubernetes', 'workloads', 'other'],
        message: 'shop/Deployment/web is scaled by service "shop" already',
      },
      {
        path: ['kubernetes', 'workloads', 'nobody'],
        message: 'there is no service "nobody" in services',
      },
    ])
  })
})
