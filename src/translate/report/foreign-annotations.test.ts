import { describe, expect, test } from 'vitest'
import { foreignAnnotations } from './foreign-annotations.ts'

describe('foreignAnnotations', () => {
  test.each([
    ['istio.io/traffic-mirror', 'use a filter of type RequestMirror'],
    ['nginx.ingress.kubernetes.io/canary-by-header', 'use header matches on a rule of its own'],
    ['nginx.ingress.kubernetes.io/canary-weight', 'use weight on the backendRefs'],
    ['nginx.ingress.kubernetes.io/force-ssl-redirect', 'use a filter of type RequestRedirect'],
    ['nginx.ingress.kubernetes.io/proxy-body-size', 'remove it'],
  ])('%s has no effect; %s', (key, remedy) => {
    expect(foreignAnnotations({ [key]: 'x' })).toEqual([
      {
        field: `metadata.annotations["${key}"]`,
        message: `is for another controller and has no effect here; ${remedy}`,
      },
    ])
  })

  test.each([
    'example.com/mirror',
    'cert-manager.io/cluster-issuer',
    'mirror',
    'kubectl.kubernetes.io/last-applied-configuration',
  ])('%s is left alone', (key) => {
    expect(foreignAnnotations({ [key]: 'x' })).toEqual([])
  })
})
