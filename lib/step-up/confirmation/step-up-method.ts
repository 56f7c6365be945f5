import type { RequestHandler } from 'express';
import type { AskedConfirmation } from '../../express/interruption/asked-confirmation.ts';
import type { Html } from '../../express/html-page.ts';
import type { Subject } from '../../policy/facts.ts';

/** Where a page shows a method, and what came of the last try. */
export interface MethodPlace {
  /** Path of the reauthentication page, as browsers see it: a method's own addresses are below it. */
  readonly base: string;
  /** Why the try that the page answers came to nothing, in words; `undefined` if this method was not tried. */
  readonly failed: string | undefined;
}

/** A way in which a person can show again who they are, and what it reaches. */
export interface StepUpMethodView {
  /** Names it in addresses and element ids: `passkey`, `oidc`, `totp`. */
  readonly id: string;
  /** As the page says it: `With a passkey`. */
  readonly title: string;
  /** The assurance level that it reaches, where that is known beforehand; `undefined`: whatever another party says. */
  readonly level: string | undefined;
  /** Methods (RFC 8176) that it stands for; `undefined`: whatever another party says. */
  readonly amr: readonly string[] | undefined;
  /** Whether a person has set it up. Default: everybody has. */
  readonly isSetUpFor?: ((subject: Subject) => boolean | Promise<boolean>) | undefined;
  /**
   * What the page shows for it.
   *
   * @param hand The way back, as the query of an address: `return_to=…`, or empty. It goes on with every form and link.
   */
  readonly view: (asked: AskedConfirmation | undefined, hand: string, place: MethodPlace) => Html;
  /** It needs the script of the page. */
  readonly needsScript: boolean;
  /** It can also prove the device, to a session that was asked for a bound one. Default: it can't. */
  readonly provesDevice?: true;
}

/** Names the view of a method on its handler. */
export const METHOD: unique symbol = Symbol('express-session-policy step-up method');

/** A way of confirming: mounted at the reauthentication page of an app, by itself or by the page that lists it. */
export interface StepUpMethod extends RequestHandler {
  readonly [METHOD]: StepUpMethodView;
}
