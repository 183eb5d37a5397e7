import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentUser, type Principal, Roles } from '../common/http/access.decorators.js';
import { ApiProblems } from '../common/http/api-problems.decorator.js';
import { IdParam } from '../common/http/id-param.js';
import {
  type CreateUser,
  createUser,
  toUserView,
  type UpdateUser,
  updateUser,
  type UserPage,
  userPage,
  type UsersQuery,
  usersQuery,
  type UserView,
  userView,
} from './users.dto.js';
import { UsersService } from './users.service.js';

@ApiTags('admin')
@Roles('admin')
@Controller('admin/users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Get()
  @ApiOperation({ summary: 'List users, newest first' })
  @ApiOkResponse({ standardSchema: userPage })
  @ApiProblems(400)
  async list(@Query({ schema: usersQuery }) query: UsersQuery): Promise<UserPage> {
    const page = await this.users.list(query);
    return { items: page.items.map(toUserView), nextCursor: page.nextCursor };
  }

  @Post()
  @ApiOperation({ summary: 'Create a user' })
  @ApiCreatedResponse({ standardSchema: userView })
  @ApiProblems(400, 409)
  async create(@CurrentUser() actor: Principal, @Body({ schema: createUser }) body: CreateUser): Promise<UserView> {
    return toUserView(await this.users.create(body, actor));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read one user' })
  @ApiOkResponse({ standardSchema: userView })
  @ApiProblems(400, 404)
  async get(@IdParam() id: string): Promise<UserView> {
    return toUserView(await this.users.get(id));
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change role, state or password; ends the sessions of the user' })
  @ApiOkResponse({ standardSchema: userView })
  @ApiProblems(400, 404, 409)
  async update(
    @CurrentUser() actor: Principal,
    @IdParam() id: string,
    @Body({ schema: updateUser }) body: UpdateUser,
  ): Promise<UserView> {
    return toUserView(await this.users.update(id, body, actor));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a user; the last enabled administrator stays' })
  @ApiNoContentResponse({ description: 'Deleted' })
  @ApiProblems(400, 404, 409)
  delete(@CurrentUser() actor: Principal, @IdParam() id: string): Promise<void> {
    return this.users.delete(id, actor);
  }
}
