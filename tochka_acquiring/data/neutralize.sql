-- A copy of the database must not be able to talk to the bank in the company's name.
UPDATE tochka_connection
   SET jwt_key = NULL,
       client_id = NULL,
       client_secret = NULL,
       webhook_state = 'unknown',
       webhook_foreign_url = NULL,
       webhook_problem = NULL,
       public_url = NULL,
       state = 'disconnected';
DELETE FROM tochka_token;
DELETE FROM tochka_authorization;
DELETE FROM tochka_webhook_key;
UPDATE tochka_webhook_event SET payload = NULL;
UPDATE payment_transaction
   SET tochka_next_poll_at = NULL,
       tochka_payment_link = NULL
 WHERE tochka_operation_id IS NOT NULL;
UPDATE tochka_refund SET next_at = NULL WHERE next_at IS NOT NULL;
