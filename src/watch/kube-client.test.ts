import { kubeSuite } from '../testing/kube-suite.ts'
import { FakeApi } from './fake-api.ts'

const api = new FakeApi()
kubeSuite('FakeApi', {
  client: () => api,
  forget: () => Promise.resolve(api.compact()),
})
