-- A copy of the database must not print receipts in the company's name.
UPDATE fiscal_register
   SET shop = NULL,
       secret = NULL,
       queue = NULL,
       atol_login = NULL,
       atol_password = NULL,
       paykeeper_user = NULL,
       paykeeper_password = NULL,
       orangedata_key_name = NULL,
       orangedata_client = NULL,
       orangedata_sign_key = NULL,
       silent_since = NULL,
       silent_until = NULL,
       state = 'draft';
UPDATE fiscal_receipt
   SET next_try_at = NULL
 WHERE state != 'done';
