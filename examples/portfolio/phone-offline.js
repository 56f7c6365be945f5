const MOST_VISITS = 1_000;

/** What the phone goes on with while it has no connection: a lease to take along, and the way back. */
export function mountOffline(app) {
  const visits = new Map();

  app.post('/phone/offline/lease', async (req, res) => {
    res.json(await req.sessionPolicy.offline.lease({ scopes: ['visits:write'] }));
  });

  app.post('/phone/offline/return', async (req, res) => {
    const report = await req.sessionPolicy.offline.settle(req.body);
    // What counts is carried out once, however often it is brought back: the same action has the same id.
    for (const { id, outcome, action } of report.actions) if (outcome !== 'refused') keep(visits, id, action);
    res.json(report);
  });
}

/** A demonstration keeps the newest only. */
function keep(visits, id, action) {
  visits.set(id, action);
  if (visits.size > MOST_VISITS) visits.delete(visits.keys().next().value);
}
