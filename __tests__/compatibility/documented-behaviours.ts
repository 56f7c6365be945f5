import type { Express, Request } from 'express';
import session from 'express-session';
import type request from 'supertest';
import { cookieOf, type Data, dataOf } from '../faults/small-app.ts';

type Browser = ReturnType<typeof request.agent>;

/** Something that the README of express-session says, and how to see it. */
export interface Behaviour {
  readonly what: string;
  readonly routes: (app: Express) => void;
  /** What somebody sees who uses it; must not contain ids or other chance. */
  readonly observe: (browser: Browser) => Promise<unknown>;
  /** Where it is not the same here: what is seen with express-session, what here, and the reason. */
  readonly differs?: {
    readonly there: unknown;
    readonly here: unknown;
    readonly why: string;
    readonly text: readonly [there: string, here: string];
  };
}

/** A route that answers with what `look` finds. */
function page(path: string, look: (req: Request) => unknown): (app: Express) => void {
  return (app) => app.get(path, (req, res) => void res.json(look(req) ?? null));
}

function all(...routes: readonly ((app: Express) => void)[]): (app: Express) => void {
  return (app) => routes.forEach((add) => add(app));
}

/** A route that waits for one of the methods with a callback, then answers with what `look` finds. */
function after(
  path: string,
  method: 'save' | 'reload' | 'destroy' | 'regenerate',
  look: (req: Request, error: unknown) => unknown,
): (app: Express) => void {
  return (app) => app.get(path, (req, res) => void req.session[method]((error: unknown) => res.json(look(req, error) ?? null)));
}

const put = page('/put', (req) => {
  dataOf(req)['value'] = 'kept';
  return 'put';
});
const get = page('/get', (req) => (req.session as unknown as Data | undefined)?.['value']);
const seen = async (browser: Browser): Promise<unknown> => (await browser.get('/get').expect(200)).body;
const attributes = (line: string | undefined): string => (line ?? '').replace(/^[^;]*; ?/, '').replace(/Expires=[^;]+/, 'Expires');
const setCookies = (answer: { headers: Readonly<Record<string, unknown>> }): readonly string[] =>
  (answer.headers['set-cookie'] as string[] | undefined) ?? [];

export const BEHAVIOURS: readonly Behaviour[] = [
  {
    what: 'req.session keeps what is put in it for the next request',
    routes: all(put, get),
    observe: async (browser) => [(await browser.get('/put')).body, await seen(browser)],
  },
  {
    what: 'values come back as JSON has them',
    routes: all(
      page(
        '/odd',
        (req) =>
          Object.assign(dataOf(req), { at: new Date(0), list: [1, undefined], nothing: null, left: undefined, call: () => 1 }) && 'put',
      ),
      page('/all', (req) => {
        const { cookie: _cookie, ...rest } = dataOf(req);
        return rest;
      }),
    ),
    observe: async (browser) => {
      await browser.get('/odd');
      return (await browser.get('/all')).body;
    },
  },
  {
    what: 'one cookie per visitor, when the session is first kept, and none for a visitor who put nothing in it (saveUninitialized: false)',
    routes: all(put, get),
    observe: async (browser) => {
      const counts: number[] = [];
      for (const path of ['/get', '/put', '/get', '/put']) counts.push(setCookies(await browser.get(path)).length);
      return counts;
    },
  },
  {
    what: 'regenerate(callback) gives a new id and an empty session',
    routes: all(put, get, (app) =>
      app.get('/new', (req, res) => {
        const before = req.sessionID;
        req.session.regenerate(
          (error) => void res.json({ error: error ?? null, same: before === req.sessionID, keys: Object.keys(req.session) }),
        );
      }),
    ),
    observe: async (browser) => {
      await browser.get('/put');
      return [(await browser.get('/new')).body, await seen(browser)];
    },
  },
  {
    what: 'destroy(callback) ends the session and unsets req.session',
    routes: all(
      put,
      get,
      after('/end', 'destroy', (req, error) => ({ error: error ?? null, session: req.session ?? null })),
    ),
    observe: async (browser) => {
      await browser.get('/put');
      return [(await browser.get('/end')).body, await seen(browser)];
    },
  },
  {
    what: 'reload(callback) brings back what is stored',
    routes: all(put, (app) =>
      app.get('/reload', (req, res) => {
        dataOf(req)['value'] = 'not stored';
        req.session.reload((error: unknown) => void res.json({ error: error ?? null, value: dataOf(req)['value'] }));
      }),
    ),
    observe: async (browser) => {
      await browser.get('/put');
      return (await browser.get('/reload')).body;
    },
  },
  {
    what: 'reload(callback) of a session that is not stored gives an error',
    routes: after('/reload', 'reload', (_req, error) => error instanceof Error),
    observe: async (browser) => (await browser.get('/reload')).body,
  },
  {
    what: 'save(callback) calls back when the session is stored',
    routes: all(get, (app) =>
      app.get('/save', (req, res) => {
        dataOf(req)['value'] = 'saved';
        req.session.save((error: unknown) => {
          // What comes after is not stored, since it is taken out again before the answer.
          dataOf(req)['value'] = 'later';
          req.session.reload(() => void res.json({ error: error ?? null, value: dataOf(req)['value'] }));
        });
      }),
    ),
    observe: async (browser) => [(await browser.get('/save')).body, await seen(browser)],
  },
  {
    what: 'touch returns the session, for chaining',
    routes: page('/chain', (req) => req.session.touch() === req.session),
    observe: async (browser) => (await browser.get('/chain')).body,
  },
  {
    what: 'req.session.id is req.sessionID',
    routes: page('/id', (req) => [typeof req.sessionID, req.session.id === req.sessionID]),
    observe: async (browser) => (await browser.get('/id')).body,
  },
  {
    what: 'req.sessionID is the id that the next request has',
    routes: page('/id', (req) => {
      dataOf(req)['before'] ??= req.sessionID;
      return dataOf(req)['before'] === req.sessionID;
    }),
    observe: async (browser) => [(await browser.get('/id')).body, (await browser.get('/id')).body],
  },
  {
    what: 'req.session, its cookie and req.sessionStore are instances of the classes of express-session',
    routes: page('/classes', (req) => [
      req.session instanceof session.Session,
      req.session.cookie instanceof session.Cookie,
      req.sessionStore instanceof session.Store,
    ]),
    observe: async (browser) => (await browser.get('/classes')).body,
  },
  {
    what: 'cookie.maxAge and cookie.originalMaxAge say how long the browser keeps the cookie, and the cookie says it too',
    routes: page('/hour', (req) => {
      req.session.cookie.maxAge = 3_600_000;
      dataOf(req)['value'] = 'kept';
      return [
        inSeconds(req.session.cookie.originalMaxAge),
        (req.session.cookie.maxAge ?? 0) > 3_590_000,
        req.session.cookie.expires instanceof Date,
      ];
    }),
    observe: async (browser) => {
      const answer = await browser.get('/hour');
      return [answer.body, /Expires=/.test(setCookies(answer)[0] ?? '')];
    },
  },
  {
    what: 'cookie.expires = false is a cookie for as long as the browser runs',
    routes: page('/false', (req) => {
      Object.assign(req.session.cookie, { expires: false });
      dataOf(req)['value'] = 'kept';
      return req.session.cookie.originalMaxAge;
    }),
    observe: async (browser) => {
      const answer = await browser.get('/false');
      return [answer.body, /Expires=/.test(setCookies(answer)[0] ?? '')];
    },
  },
  {
    what: 'req.session = null leaves the stored session as it was (unset: keep)',
    routes: all(
      put,
      get,
      page('/null', (req) => {
        dataOf(req)['value'] = 'changed';
        Object.assign(req, { session: null });
        return req.session ?? null;
      }),
    ),
    observe: async (browser) => {
      await browser.get('/put');
      return [(await browser.get('/null')).body, await seen(browser)];
    },
  },
  {
    what: 'a cookie that is forged or malformed is a visitor without a session',
    routes: all(put, get),
    observe: async (browser) => {
      const [name, value] = cookieOf(await browser.get('/put')).split('=') as [string, string];
      const forged = [value.slice(0, -3), `${value}x`, 's%3Aabc.def', 's%3A', '%', 'abc', ''];
      const answers = [];
      for (const one of forged) answers.push((await browser.get('/get').set('Cookie', `${name}=${one}`).expect(200)).body);
      return answers;
    },
  },
  {
    what: 'keys that were not changed stay as they are',
    routes: all(
      put,
      page('/first', (req) => (dataOf(req)['first'] = 1)),
      page('/second', (req) => (dataOf(req)['second'] = 2)),
      page('/all', (req) => [dataOf(req)['first'] ?? null, dataOf(req)['second'] ?? null]),
    ),
    observe: async (browser) => {
      await browser.get('/put');
      await browser.get('/first');
      await browser.get('/second');
      return (await browser.get('/all')).body;
    },
  },
  {
    what: 'what the cookie looks like by default',
    routes: put,
    observe: async (browser) => {
      const [line] = setCookies(await browser.get('/put'));
      return [line?.split('=')[0], attributes(line)];
    },
    differs: {
      there: ['connect.sid', 'Path=/; HttpOnly'],
      here: ['app.session', 'Path=/; HttpOnly; SameSite=Lax'],
      text: [
        '`connect.sid`; no `SameSite`; `Secure` if asked for',
        '`<app>.session`, on https `__Host-<app>.session`; `SameSite` and `Secure` always decided',
      ],
      why: 'Each app has a cookie of its own, so that none is taken for that of another. Browsers treat a cookie without SameSite in different ways.',
    },
  },
  {
    what: 'destroy and the cookie in the browser',
    routes: all(
      put,
      after('/end', 'destroy', () => 'ended'),
    ),
    observe: async (browser) => {
      await browser.get('/put');
      return setCookies(await browser.get('/end')).map((line) => /Expires=Thu, 01 Jan 1970/.test(line));
    },
    differs: {
      there: [],
      here: [true],
      text: ['stays in the browser', 'is taken from the browser'],
      why: 'A cookie that means nothing any more is one that can be mixed up with one that does.',
    },
  },
  {
    what: 'cookie.maxAge on the next request',
    routes: all(
      page('/hour', (req) => {
        req.session.cookie.maxAge = 3_600_000;
        return (dataOf(req)['value'] = 'kept');
      }),
      page('/age', (req) => inSeconds(req.session.cookie.originalMaxAge)),
    ),
    observe: async (browser) => {
      await browser.get('/hour');
      return (await browser.get('/age')).body;
    },
    differs: {
      there: 3_600,
      here: null,
      text: [
        'kept with the session, and the session ends by it',
        "what the policy's profile says; a change counts for the answer that it is made on",
      ],
      why: 'How long a session lives is decided by the policy in force at that moment (`idle`, `absolute`), on the server. The expiry of a cookie only tidies up.',
    },
  },
  {
    what: 'cookie.path, domain, httpOnly, secure and sameSite set by a handler',
    routes: page('/loose', (req) => {
      Object.assign(req.session.cookie, { httpOnly: false, sameSite: 'none', path: '/elsewhere' });
      return (dataOf(req)['value'] = 'kept');
    }),
    observe: async (browser) => attributes(setCookies(await browser.get('/loose'))[0]),
    differs: {
      there: 'Path=/elsewhere; SameSite=None',
      here: 'Path=/; HttpOnly; SameSite=Lax',
      text: ['are sent', 'are not sent: these follow from the profile'],
      why: 'The rule that was reviewed is the rule that holds. Set `cookie` in the profile.',
    },
  },
  {
    what: 'delete req.session',
    routes: all(
      put,
      get,
      page('/delete', (req) => {
        dataOf(req)['value'] = 'changed';
        Reflect.deleteProperty(req, 'session');
        return 'deleted';
      }),
    ),
    observe: async (browser) => {
      await browser.get('/put');
      await browser.get('/delete');
      return seen(browser);
    },
    differs: {
      there: 'kept',
      here: 'changed',
      text: ['the changes of this request are dropped', 'does nothing: `req.session` is a property of every request'],
      why: 'One property less to define on each request. To drop the changes of a request set `req.session = null`; to end the session use `req.sessionPolicy.signOut()` or `destroy()`.',
    },
  },
  {
    what: 'req.sessionID = …',
    routes: (app) =>
      app.get('/set', (req, res) => {
        try {
          Object.assign(req, { sessionID: 'chosen' });
          res.json(req.sessionID);
        } catch {
          res.json('refused');
        }
      }),
    observe: async (browser) => (await browser.get('/set')).body,
    differs: {
      there: 'chosen',
      here: 'refused',
      text: ['changes the id', 'throws'],
      why: 'The documentation there says that it is read-only; here it is. An id that comes from anywhere else is how sessions are fixed.',
    },
  },
  {
    what: 'req.sessionStore.get(req.sessionID, …)',
    routes: all(put, (app) =>
      app.get('/store', (req, res) => {
        req.sessionStore.get(req.sessionID, (_error, found) => void res.json((found as Data | null | undefined)?.['value'] ?? null));
      }),
    ),
    observe: async (browser) => {
      await browser.get('/put');
      return (await browser.get('/store')).body;
    },
    differs: {
      there: 'kept',
      here: null,
      text: ['gives the session', 'gives nothing: those methods are for a plain `session({ store })`'],
      why: 'A session belongs to an app and a profile; an id alone does not say which. Use `sessions.list()`, `sessions.revoke()` and `req.sessionPolicy.sessions()`.',
    },
  },
];

/** Differences that are not seen in one browser: options, and faults that are shown in the tests of faults. */
export const FURTHER_DIFFERENCES: readonly {
  readonly what: string;
  readonly there: string;
  readonly here: string;
  readonly why: string;
}[] = [
  {
    what: 'The options `cookie`, `genid`, `name`, `proxy`, `resave`, `rolling`, `saveUninitialized`, `unset`',
    there: 'set per middleware',
    here: 'not taken (an error says so); the policy, or the only safe value, stands in for each',
    why: '`rolling` and `cookie.maxAge` become `idle` and `absolute`; `resave` and `saveUninitialized` are `false`; `proxy` is `trustProxy`.',
  },
  {
    what: '`touch()` and `resetMaxAge()`',
    there: 'put off the end of the session',
    here: '`touch()` does nothing, `resetMaxAge()` changes the expiry of the cookie only',
    why: 'Activity is what the policy allowed: it is recorded for every active request, and not for refused or passive ones.',
  },
  {
    what: 'A save that fails',
    there: 'the answer has gone out, as if it had worked',
    here: '503 with `Retry-After`; nothing of the answer is sent, no cookie either',
    why: 'An answer never says “signed in” or “signed out” before that is stored.',
  },
  {
    what: 'Redis that does not answer',
    there: 'the request hangs, or goes on without a session after a `disconnect`',
    here: '503 within the deadline (250 ms); `onStoreError: anonymous` on a public profile goes on without a session',
    why: 'Fail closed, fast.',
  },
  {
    what: 'A slow request that is answered after the sign-out',
    there: 'writes the session back: signed in again',
    here: '401; an ended session stays ended',
    why: 'A tombstone lies where the session was, and a save never creates.',
  },
  {
    what: 'Parallel requests that change different keys of `req.session`',
    there: 'the last one to save wins, the others are lost',
    here: 'all survive: only changed top-level keys are written',
    why: 'Nested objects are one value: two requests that change different fields of the same top-level key still overwrite each other.',
  },
  {
    what: '`res.end` and streaming',
    there: 'headers leave at once; the last byte waits for the save',
    here: 'headers wait for the save of what has changed by then; what is put in the session after the first byte is not stored',
    why: 'The cookie and the status must be true when they leave.',
  },
  {
    what: '`req.session` of a native client (`transport: header`) that is not signed in',
    there: '–',
    here: 'is not kept',
    why: 'There is no cookie by which it could come back.',
  },
  {
    what: 'Writes with an id that has just been replaced by a sign-in or a confirmation',
    there: 'the old id is dead at once; parallel requests with it fail',
    here: 'it reads for five seconds; `save`, `destroy`, `regenerate` and sign-out are refused with 401',
    why: 'Requests that were under way are answered, and nothing is changed behind the back of the new session.',
  },
  {
    what: 'A session larger than 64 KiB, or one that JSON cannot hold',
    there: 'stored, or an error after the answer',
    here: '500 with `session_too_large` or `session_unserializable`; nothing is stored',
    why: 'A session is read on every request.',
  },
  {
    what: 'Requests from other sites',
    there: 'not looked at',
    here: 'unsafe methods are checked by Fetch Metadata and Origin: 403',
    why: 'On by default for cookies; csrf-sync still works, and is not needed for this.',
  },
  {
    what: 'Keys of `req.session` named like its methods (`save`, `reload`, `touch`, `id`, `req`, `constructor`, …) or `__proto__`',
    there: 'are lost on the next request',
    here: 'are lost, too',
    why: 'They would take the place of the methods.',
  },
];

/** express-session counts from the moment of asking, so a millisecond may have passed. */
function inSeconds(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms / 1_000);
}
