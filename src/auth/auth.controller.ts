import { Body, Controller, Get, Header, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiConsumes, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentUser, Public, Roles } from '../common/http/access.decorators.js';
import { ApiProblems } from '../common/http/api-problems.decorator.js';
import {
  type ChangePasswordRequest,
  changePasswordRequest,
  type LoginRequest,
  loginRequest,
  type LogoutRequest,
  logoutRequest,
  type MeView,
  meView,
  type RefreshRequest,
  refreshRequest,
  type TokenAnswer,
  tokenAnswer,
  toTokenAnswer,
} from './auth.dto.js';
import { AuthService } from './auth.service.js';
import type { SessionPrincipal } from './session.service.js';

const FORM = 'application/x-www-form-urlencoded';
const JSON_BODY = 'application/json';

@ApiTags('auth')
@Controller('auth')
export class AuthController {
  constructor(private readonly auth: AuthService) {}

  @Post('login')
  @Public()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store') // RFC 6749 section 5.1
  @ApiOperation({ summary: 'Log in with user name and password (OAuth2 password grant, form or JSON)' })
  @ApiConsumes(FORM, JSON_BODY)
  @ApiOkResponse({ standardSchema: tokenAnswer })
  @ApiProblems(400, 401, 429, 503)
  async login(@Body({ schema: loginRequest }) body: LoginRequest, @Ip() ip: string): Promise<TokenAnswer> {
    return toTokenAnswer(await this.auth.login(body.username, body.password, ip));
  }

  @Post('refresh')
  @Public()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Exchange a refresh token for new tokens; a used one that comes back ends the session' })
  @ApiConsumes(FORM, JSON_BODY)
  @ApiOkResponse({ standardSchema: tokenAnswer })
  @ApiProblems(400, 401)
  async refresh(@Body({ schema: refreshRequest }) body: RefreshRequest): Promise<TokenAnswer> {
    return toTokenAnswer(await this.auth.refresh(body.refresh_token));
  }

  @Post('logout')
  @Roles('viewer')
  @HttpCode(204)
  @ApiOperation({ summary: 'End this session, or all sessions of the user' })
  @ApiNoContentResponse({ description: 'Ended; the tokens stop working at once, on other replicas within 5 s' })
  @ApiProblems(400)
  logout(
    @CurrentUser() user: SessionPrincipal,
    @Body({ schema: logoutRequest }) { everywhere }: LogoutRequest,
  ): Promise<void> {
    return this.auth.logout(user, everywhere);
  }

  @Get('me')
  @Roles('viewer')
  @ApiOperation({ summary: 'Who am I' })
  @ApiOkResponse({ standardSchema: meView })
  me(@CurrentUser() { id, username, role }: SessionPrincipal): MeView {
    return { id, username, role };
  }

  @Post('password')
  @Roles('viewer')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Change the own password; ends all sessions and begins a new one' })
  @ApiOkResponse({ standardSchema: tokenAnswer })
  @ApiProblems(400, 409)
  async changePassword(
    @CurrentUser() user: SessionPrincipal,
    @Body({ schema: changePasswordRequest }) body: ChangePasswordRequest,
  ): Promise<TokenAnswer> {
    return toTokenAnswer(await this.auth.changePassword(user, body.currentPassword, body.newPassword));
  }
}
