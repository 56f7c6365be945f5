// passport-oauth2 comes without types; this is what the tests use of it.
declare module 'passport-oauth2' {
  import type { Strategy as PassportStrategy } from 'passport';

  export interface StrategyOptions {
    readonly authorizationURL: string;
    readonly tokenURL: string;
    readonly clientID: string;
    readonly clientSecret: string;
    readonly callbackURL: string;
    readonly state: boolean;
    readonly pkce?: boolean;
  }

  type Done = (error: unknown, user?: object | false) => void;

  const OAuth2Strategy: new (
    options: StrategyOptions,
    verify: (accessToken: string, refreshToken: string, profile: object, done: Done) => void,
  ) => PassportStrategy;
  export default OAuth2Strategy;
}
