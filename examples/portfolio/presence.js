import { passive, sessionEndpoints } from 'express-session-policy';
import { personOf } from './people.js';

/**
 * What a person can see of their session in an app and do about it: the endpoints of the suite, at `/<app>/session`. The pages with the rules
 * also ask whether anybody is there, which those answer with a refusal if not.
 */
export function mountPresence(app, name, options) {
  app.use(`/${name}/session`, sessionEndpoints(options));
  app.get(`/${name}/presence`, passive(), (req, res) => {
    res.json({ signedIn: personOf(req) !== undefined, reason: req.sessionPolicy.decision.reason });
  });
}
