import { ruleGroup } from './rules.js';
import { html, page } from './views.js';

export const JOBS_RULES = [{ title: 'Everywhere', method: 'POST', path: '/jobs/run', note: 'Takes workload tokens only.' }];

/** The jobs interface: for programs only, by short-lived workload tokens, which are not there yet. Whatever comes is refused. */
export function mountJobs(app, portfolio) {
  app.post('/jobs/run', (_req, res) => void res.json({ started: true }));

  app.get('/about/jobs', (req, res) => {
    res.send(
      page({
        title: 'Jobs API',
        app: 'jobs',
        rules: ruleGroup(portfolio, 'jobs', JOBS_RULES),
        script: '/assets/jobs.js',
        lead: LEAD,
        body: body(req.headers.host),
      }),
    );
  });
}

const LEAD =
  'Not yet: this interface is for programs, and will take short-lived workload tokens. Until then the policy refuses whatever comes, sessions of people above all.';

const body = (host) => html`<div class="actions"><button data-ask="/jobs/run">Start the job</button></div>
<h2>Answer</h2><pre class="wire" data-answer tabindex="0" aria-label="Answer">–</pre>
<h2>From a terminal</h2><pre class="wire" data-curl tabindex="0" aria-label="Command for a terminal">curl -i -X POST ${host}/jobs/run</pre>`;
