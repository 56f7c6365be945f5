import { type Policy, type RouteDocument, definePolicy } from '../../lib/index.ts';

const SECTIONS = ['overview', 'orders', 'addresses', 'cards', 'privacy', 'messages', 'returns', 'reviews', 'wishes'];

/** Four apps with ten routes each, and ten conditions, of which the page of the benchmark meets one route and five conditions. */
export const benchmarkPolicy: Policy = definePolicy({
  version: 1,
  assurance: ['aal1', 'aal2', 'phishing-resistant'],
  profiles: {
    web: { preset: 'staff-web', idle: '15m', absolute: '12h' },
    admin: { preset: 'admin', idle: '5m', absolute: '1h' },
    phone: { preset: 'mobile', idle: '1h', absolute: '24h' },
    desk: { preset: 'staff-web', idle: '10m', absolute: '8h', subjects: ['user', 'service'] },
  },
  apps: {
    shop: { profile: 'web', tags: ['customer-facing'], match: { paths: ['/shop'] }, routes: routes('/shop') },
    console: { profile: 'admin', tags: ['privileged'], match: { paths: ['/console'] }, routes: routes('/console') },
    phone: { profile: 'phone', tags: ['customer-facing'], match: { paths: ['/phone'] }, routes: routes('/phone') },
    desk: { profile: 'desk', tags: ['internal'], match: { paths: ['/desk'] }, routes: routes('/desk') },
  },
  conditions: [
    { id: 'all', when: {}, require: { idle: '14m' } },
    { id: 'customers', when: { tags: ['customer-facing'] }, require: { idle: '13m' } },
    { id: 'reads', when: { methods: ['GET'] }, require: { idle: '12m' } },
    { id: 'people', when: { subjects: ['user'] }, require: { idle: '11m' } },
    { id: 'shop', when: { apps: ['shop'] }, require: { stepUp: { maxAge: '8h' } } },
    { id: 'privileged', when: { tags: ['privileged'] }, require: { stepUp: { maxAge: '10m' } } },
    { id: 'internal', when: { tags: ['internal'] }, require: { idle: '9m' } },
    { id: 'writes', when: { methods: ['POST', 'PUT', 'DELETE'] }, require: { stepUp: { maxAge: '30m' } } },
    { id: 'machines', when: { subjects: ['service'] }, require: { idle: '5m' } },
    { id: 'desk', when: { apps: ['desk'] }, require: { stepUp: { maxAge: '1h' } } },
  ],
});

function routes(base: string): readonly RouteDocument[] {
  const sections = SECTIONS.map((section) => ({ id: section, path: `${base}/account/${section}`, idle: '4m' as const }));
  return [...sections, { id: 'pay', path: `${base}/pay`, methods: ['POST'], stepUp: { maxAge: '5m' } }];
}
