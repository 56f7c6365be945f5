import { explain } from 'express-session-policy';
import { html } from './views.js';

/** The rules of some requests of an app as a group that the page's script keeps up to date. The first is for all of the app. */
export function ruleGroup(portfolio, app, rows) {
  return html`<div class="rules" data-rules="${app}">${rows.map((row) => ruleRow(portfolio, row))}</div>`;
}

/** `note` takes the place of what the script would say. */
function ruleRow(portfolio, { title, method = 'GET', path, note }) {
  const { requirement, routes } = explain(portfolio.policy, { request: { method, host: 'localhost', path } }, portfolio.now()).decision;
  return html`<section class="rule"${note === undefined && html` data-for="${path}" data-method="${method}"`}>
<h3>${title} <code>${method} ${path}</code></h3>
<ul>${limitsOf(requirement)
    .filter(({ ofApp }) => !ofApp || routes.length === 0)
    .map(limitItem)}</ul>
<p class="state" data-state>${note ?? '…'}</p></section>`;
}

function limitItem({ key, name, value, ms, source, effect }) {
  return html`<li data-limit="${key}"><span class="name">${name}</span><span class="left" data-left>${ms === undefined ? value : '–:––'}</span>
<span class="why"><span data-source>${source}</span> · ${effect}</span><span class="of">${ms !== undefined && html`of <span data-value>${value}</span>`}</span>
${ms !== undefined && html`<progress max="${ms / 1_000}" value="0" aria-hidden="true"></progress>`}</li>`;
}

/** A requirement as a list of limits, in the order in which a visitor meets them. */
function limitsOf({ idle, routeIdle, absolute, stepUp, device }) {
  return [
    timed('routeIdle', 'Longest pause here', routeIdle?.source === idle?.source ? undefined : routeIdle, 'then asks again'),
    timed('stepUp', 'Age of the sign-in', stepUp?.maxAge, 'then asks again'),
    stepUp?.level && { key: 'level', name: 'Sign-in level', value: stepUp.level.value, source: stepUp.level.source, effect: 'or higher' },
    demandOn(device),
    ofWholeApp(timed('idle', 'Idle timeout', idle, 'ends the session')),
    ofWholeApp(timed('absolute', 'Longest session', absolute, 'in any case')),
  ].filter((limit) => limit !== undefined);
}

function timed(key, name, limit, effect) {
  return limit && { key, name, value: spoken(limit.ms), ms: limit.ms, source: limit.source, effect };
}

/** What the profile asks for is said once an app, what a route asks for with the route. */
function demandOn(device) {
  if (device === undefined) return undefined;
  const { value, source } = device.trust;
  return { key: 'device', name: 'Device', value, source, effect: 'or more', ofApp: source.startsWith('profile:') };
}

/** Said once an app, and not again for every route. */
function ofWholeApp(limit) {
  return limit && { ...limit, ofApp: true };
}

/** A length of time in the largest unit that fits. */
export function spoken(ms) {
  const units = [
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000],
  ];
  const [unit, size] = units.find(([, one]) => ms >= one && ms % one === 0) ?? ['s', 1_000];
  return `${Math.round(ms / size)} ${unit}`;
}
