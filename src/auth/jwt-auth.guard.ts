import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { AppError } from '../common/errors.js';
import { IS_PUBLIC, REQUIRED_ROLE } from '../common/http/access.decorators.js';
import { BearerStrategy } from './bearer.strategy.js';
import type { SessionPrincipal } from './session.service.js';

/** Global: lets nobody in without a valid token, and nobody at all to a route that has no rule (deny by default). */
@Injectable()
export class JwtAuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly bearer: BearerStrategy,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean>(IS_PUBLIC, places)) return true;
    if (!this.reflector.getAllAndOverride<string>(REQUIRED_ROLE, places)) {
      throw new AppError('FORBIDDEN', 'This route is closed: it has no access rule.');
    }
    const request = context.switchToHttp().getRequest<Request & { user?: SessionPrincipal }>();
    request.user = await this.bearer.principalOf(request);
    return true;
  }
}
