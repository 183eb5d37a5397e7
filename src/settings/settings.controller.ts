import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentUser, type Principal, Roles } from '../common/http/access.decorators.js';
import { ApiProblems } from '../common/http/api-problems.decorator.js';
import { settingsView, type SettingsView, updateSettings, type UpdateSettings } from './settings.dto.js';
import { SettingsService } from './settings.service.js';

@ApiTags('admin')
@Controller('admin/settings')
export class SettingsController {
  constructor(private readonly settings: SettingsService) {}

  @Get()
  @Roles('viewer')
  @ApiOperation({ summary: 'Read the run-time switches, the kill switch among them' })
  @ApiOkResponse({ standardSchema: settingsView })
  get(): Promise<SettingsView> {
    return this.settings.get();
  }

  @Patch()
  @Roles('admin')
  @ApiOperation({ summary: 'Turn run-time switches; obeyed by every replica within 5 s' })
  @ApiOkResponse({ standardSchema: settingsView })
  @ApiProblems(400)
  update(
    @CurrentUser() user: Principal,
    @Body({ schema: updateSettings }) body: UpdateSettings,
  ): Promise<SettingsView> {
    return this.settings.update(body, user);
  }
}
