import { Module } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { DeliveryModule } from '../mail/delivery/delivery.module.js';
import { MessageModule } from '../mail/message/message.module.js';
import { MetricsController } from './metrics.controller.js';
import { StoreGauges } from './store-gauges.service.js';

@Module({
  imports: [
    MessageModule,
    DeliveryModule,
    PrometheusModule.register({ controller: MetricsController, path: '/metrics' }),
  ],
  providers: [StoreGauges],
})
export class MetricsModule {}
