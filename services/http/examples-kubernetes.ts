/** What the documentation shows of routes for consumers in a cluster, and of advice about its workloads. */
import type { ResourceAdvice } from '../kubernetes/resources/view.ts'
import type { SignalView } from '../kubernetes/signal-view.ts'
import { forecast } from './examples.ts'

export const signal: SignalView = {
  service: 'search',
  signal: 'forescale_workload_forecast_requests_per_second',
  value: 58.2,
  level: 0.95,
  windowSeconds: 49,
  atMs: forecast.issuedAtMs,
  validUntilMs: forecast.issuedAtMs + 45_000,
}

const MIB = 1024 * 1024

export const resourceAdvice: ResourceAdvice = {
  workload: 'shop/Deployment/web',
  atMs: forecast.issuedAtMs,
  replicas: 4.5,
  containers: [
    {
      container: 'web',
      cpu: {
        ...{ requested: 0.5, limit: 1, isLeast: false },
        ...{ lower: 0.121, target: 0.183, upper: 0.246 },
      },
      memory: {
        ...{ requested: 512 * MIB, limit: 512 * MIB, isLeast: false },
        ...{ lower: 298 * MIB, target: 330 * MIB, upper: 377 * MIB },
      },
      historyDays: 7.99,
      oomKills: 0,
      lastOomKillMs: null,
    },
  ],
  savingPerHour: 0.0485,
  why: 'web: CPU 183m instead of 500m, too much; memory 330Mi instead of 512Mi, too much; saves $0.048/h of what 4.5 replicas request today',
  warnings: [
    {
      id: 'hpa-utilization',
      why: 'HPA web scales by cpu at 80 % of the requests: with other requests it scales at another usage',
      fix: 'averageUtilization: 219 keeps the usage at which it scales; or let it follow the load (forescale k8s manifest)',
    },
  ],
  yaml: '# kubectl -n shop patch deployments web --type strategic --patch-file FILE; it rolls out new pods\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  namespace: shop\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          resources:\n            requests:\n              cpu: 183m\n              memory: 330Mi\n',
}
