/** The cluster that Forescale works with, and which roads into it are open. Absent: no cluster is touched. */
import { z } from 'zod'

export const KubernetesConfig = z
  .strictObject({
    kubeconfig: z.string().min(1).optional().meta({
      description:
        "File to connect by. Left out: the pod's service account; outside a cluster $KUBECONFIG, then ~/.kube/config.",
    }),
    context: z.string().min(1).optional().meta({
      description: 'Context of that file; left out: its current one.',
    }),
    namespaces: z.array(z.string().min(1)).default([]).meta({
      description: 'Namespaces to look at and to write to; empty: all.',
    }),
  })
  .meta({ id: 'KubernetesConfig' })
export type KubernetesConfig = z.infer<typeof KubernetesConfig>
