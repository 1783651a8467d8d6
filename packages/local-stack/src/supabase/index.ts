export { startSupabaseDouble, type SupabaseDouble, type SupabaseFault } from './double.ts';
