import { Body, Controller, Get, Header, HttpCode, Post, Put, Query, Req, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { ExampleRepository } from '../classification/example.repository.js';
import { LocalEngine } from '../classification/local/local.engine.js';
import { CurrentUser, type Principal, Roles } from '../common/http/access.decorators.js';
import { ApiProblems } from '../common/http/api-problems.decorator.js';
import { IdParam } from '../common/http/id-param.js';
import { type Page, type PageQuery, pageQuery, toPage } from '../common/http/page.js';
import { ReviewRepository } from '../reply/review.repository.js';
import { LabelExport } from './label-export.js';
import * as dto from './training.dto.js';
import { TrainingService } from './training.service.js';
import { toExampleView, toFeedbackView, toLabelQueueItem } from './training.views.js';

@ApiTags('training')
@Controller('training')
export class TrainingController {
  constructor(
    private readonly training: TrainingService,
    private readonly examples: ExampleRepository,
    private readonly reviews: ReviewRepository,
    private readonly exporter: LabelExport,
    private readonly local: LocalEngine,
  ) {}

  @Get('emails')
  @Roles('viewer')
  @ApiOperation({ summary: 'Classified mails to label, newest first; a page may hold fewer than `limit`' })
  @ApiOkResponse({ standardSchema: dto.labelQueuePage })
  @ApiProblems(400)
  async listToLabel(
    @Query({ schema: dto.listEmailsToLabel }) query: dto.ListEmailsToLabel,
  ): Promise<Page<dto.LabelQueueItem>> {
    const page = await this.training.listToLabel(query);
    return { ...page, items: page.items.map(toLabelQueueItem) };
  }

  @Put('emails/:id/label')
  @Roles('agent')
  @ApiOperation({ summary: 'Say what a mail is about; the built-in engine learns it within seconds' })
  @ApiOkResponse({ standardSchema: dto.exampleView })
  @ApiProblems(400, 404, 409)
  async label(
    @CurrentUser() user: Principal,
    @IdParam() id: string,
    @Body({ schema: dto.labelBody }) body: dto.LabelBody,
  ): Promise<dto.ExampleView> {
    return toExampleView(await this.training.label(id, body, user));
  }

  @Post('auto-label')
  @HttpCode(200)
  @Roles('agent')
  @ApiOperation({ summary: 'Label the newest mails where two engines agree or a calibrated classification is sure' })
  @ApiOkResponse({ standardSchema: dto.autoLabelResult })
  @ApiProblems(400)
  async autoLabel(
    @CurrentUser() user: Principal,
    @Body({ schema: dto.autoLabelBody }) body: dto.AutoLabelBody,
    @Req() request: Request,
  ): Promise<dto.AutoLabelResult> {
    const gone = new AbortController();
    request.once('close', () => gone.abort());
    return this.training.autoLabel(body.limit, user, gone.signal);
  }

  @Get('labels')
  @Roles('viewer')
  @ApiOperation({ summary: 'Labels with where they come from, newest first' })
  @ApiOkResponse({ standardSchema: dto.examplePage })
  @ApiProblems(400)
  async listLabels(@Query({ schema: dto.listExamples }) query: dto.ListExamples): Promise<Page<dto.ExampleView>> {
    const page = await this.examples.page(query, query.source ? { source: query.source } : {});
    return { ...page, items: page.items.map(toExampleView) };
  }

  @Get('labels/export')
  @Roles('agent')
  @Header('Content-Disposition', 'attachment; filename="labels.jsonl"')
  @ApiOperation({ summary: 'All labels as JSON lines: subject, text, category, priority, sentiment, language, source' })
  @ApiProduces('application/jsonl')
  @ApiProblems(400)
  exportLabels(@Query({ schema: dto.exportQuery }) query: dto.ExportQuery): StreamableFile {
    return new StreamableFile(this.exporter.stream(query.source), { type: 'application/jsonl' });
  }

  @Get('feedback')
  @Roles('viewer')
  @ApiOperation({ summary: 'What people did with drafts: approved, edited, rejected; newest first' })
  @ApiOkResponse({ standardSchema: dto.feedbackPage })
  @ApiProblems(400)
  async listFeedback(@Query({ schema: pageQuery }) query: PageQuery): Promise<Page<dto.FeedbackView>> {
    return toPage((await this.reviews.list(query)).map(toFeedbackView), query.limit);
  }

  @Post('retrain')
  @HttpCode(200)
  @Roles('admin')
  @ApiOperation({
    summary: 'Train the built-in classifier on all labels now; it also does so by itself when labels change',
  })
  @ApiOkResponse({ standardSchema: dto.trainingStats })
  async retrain(): Promise<dto.TrainingStats> {
    await this.local.retrain();
    return this.stats();
  }

  @Get('stats')
  @Roles('viewer')
  @ApiOperation({ summary: 'How many labels there are, and what the built-in classifier learned from' })
  @ApiOkResponse({ standardSchema: dto.trainingStats })
  async stats(): Promise<dto.TrainingStats> {
    const model = this.local.info;
    return {
      examples: await this.examples.countBySource(),
      model: model && { ...model, trainedAt: model.trainedAt.toISOString() },
    };
  }
}
