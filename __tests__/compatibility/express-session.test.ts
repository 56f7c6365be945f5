import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Express } from 'express';
import session from 'express-session';
import request from 'supertest';
import { sessionPolicy } from '../../lib/express/session-policy.ts';
import { memoryStore } from '../../lib/sessions/memory-store.ts';
import { SECRET } from '../faults/small-app.ts';
import { expressVersions } from '../support/express.ts';
import { BEHAVIOURS, type Behaviour } from './documented-behaviours.ts';
import { openStores, STORE_NAMES, type Stores } from './stores.ts';

let stores: Stores;
beforeAll(async () => {
  stores = await openStores();
});
afterAll(() => stores.stop());

async function observed(app: Express, { routes, observe }: Behaviour): Promise<unknown> {
  routes(app);
  return observe(request.agent(app));
}

const SAME = BEHAVIOURS.filter(({ differs }) => differs === undefined);
const DIFFERENT = BEHAVIOURS.filter(({ differs }) => differs !== undefined);
const plainOptions = { secret: SECRET, resave: false, saveUninitialized: false } as const;

describe.each(expressVersions)('what express-session documents, on %s', (_name, express) => {
  function app(middleware: Parameters<Express['use']>[0]): Express {
    const made = express();
    made.set('env', 'test');
    made.use(middleware);
    return made;
  }

  const there = () => app(session(plainOptions) as never);
  const here = () => app(sessionPolicy({ profile: 'public-web', secret: SECRET, store: memoryStore(), log: () => undefined }) as never);

  test.each(SAME)('is the same here: $what', async (behaviour) => {
    const original = await observed(there(), behaviour);
    expect(original).toBeDefined();
    expect(await observed(here(), behaviour)).toEqual(original);
  });

  test.each(DIFFERENT)('differs, as listed: $what', async (behaviour) => {
    expect(await observed(there(), behaviour)).toEqual(behaviour.differs?.there);
    expect(await observed(here(), behaviour)).toEqual(behaviour.differs?.here);
  });

  describe.each(STORE_NAMES)('under express-session itself, with our %s store', (storeName) => {
    test.each(BEHAVIOURS)('$what', async (behaviour) => {
      const plain = app(session({ ...plainOptions, store: stores[storeName]() }) as never);
      expect(await observed(plain, behaviour)).toEqual(await observed(there(), behaviour));
    });
  });

  test('a list of secrets accepts what the older ones signed', async () => {
    const store = memoryStore();
    const older = 'another-secret-that-is-long-enough-0123456789';
    const withSecret = (secret: string | readonly string[]) => {
      const made = app(sessionPolicy({ profile: 'public-web', secret, store, log: () => undefined }) as never);
      made.get('/count', (req, res) => {
        const data = req.session as unknown as { count?: number };
        res.json((data.count = (data.count ?? 0) + 1));
      });
      return made;
    };
    const cookie = (await request(withSecret(older)).get('/count')).headers['set-cookie']?.[0]?.split(';')[0] as string;
    expect(
      (
        await request(withSecret([SECRET, older]))
          .get('/count')
          .set('Cookie', cookie)
      ).body,
    ).toBe(2);
    expect((await request(withSecret(SECRET)).get('/count').set('Cookie', cookie)).body).toBe(1);
  });
});
