import { describe, expect, test } from 'vitest'
import { Subscription, type SubscriptionChange, type SubscriptionRequest } from './subscription.ts'

function request(subscribe: readonly string[] = [], unsubscribe: readonly string[] = []): SubscriptionRequest {
  return { subscribe, unsubscribe }
}

function change(expected: Partial<SubscriptionChange>): SubscriptionChange {
  return { asked: [], dropped: [], keptByWildcard: [], wildcard: 'unchanged', ...expected }
}

describe('Subscription', () => {
  test.each<[string, readonly SubscriptionRequest[], SubscriptionChange, readonly string[]]>([
    ['a first request without names wants everything', [request()], change({ wildcard: 'began' }), ['a', 'b']],
    ['a first request with names wants those', [request(['a'])], change({ asked: ['a'] }), ['a']],
    ['a later request without names is no wildcard', [request(['a']), request()], change({}), ['a']],
    ['* wants everything', [request(['*'])], change({ wildcard: 'began' }), ['a', 'b']],
    ['* may come later', [request(['a']), request(['*'])], change({ wildcard: 'began' }), ['a', 'b']],
    ['* beside a name', [request(['*', 'a'])], change({ asked: ['a'], wildcard: 'began' }), ['a', 'b']],
    ['dropping * keeps named ones', [request(['*', 'a']), request([], ['*'])], change({ wildcard: 'ended' }), ['a']],
    ['a legacy wildcard ends with * too', [request(), request([], ['*'])], change({ wildcard: 'ended' }), []],
    ['naming something keeps a legacy wildcard', [request(), request(['a'])], change({ asked: ['a'] }), ['a', 'b']],
    ['a name is dropped', [request(['a', 'b']), request([], ['a'])], change({ dropped: ['a'] }), ['b']],
    [
      'a name dropped under a wildcard is still wanted',
      [request(['*', 'a']), request([], ['a'])],
      change({ keptByWildcard: ['a'] }),
      ['a', 'b'],
    ],
    ['a name asked for twice is asked again', [request(['a']), request(['a'])], change({ asked: ['a'] }), ['a']],
    ['dropping what was never asked for is nothing', [request(['a']), request([], ['b'])], change({}), ['a']],
    ['asked and dropped at once is dropped', [request(['a'], ['a'])], change({ dropped: ['a'] }), []],
  ])('%s', (_title, requests, expected, wanted) => {
    const subscription = new Subscription()
    const changes = requests.map((each) => subscription.apply(each))
    expect(changes.at(-1)).toEqual(expected)
    expect(['a', 'b'].filter((name) => subscription.wants(name))).toEqual(wanted)
  })
})
