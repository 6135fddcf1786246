""" What the sandbox begins with: permissions, customers, accounts, shops, variants. """

# What may be asked for by a consent, in the words of the internet bank (partly ours). Source: the
# bank's OpenAPI description, ExternalConsentTypeEnum.
PERMISSION_NAMES = {
    'ReadAccountsBasic': 'Список счетов',
    'ReadAccountsDetail': 'Данные счетов',
    'ReadBalances': 'Остатки на счетах',
    'ReadStatements': 'Выписки',
    'ReadTransactionsBasic': 'Операции по счетам',
    'ReadTransactionsCredits': 'Поступления на счета',
    'ReadTransactionsDebits': 'Списания со счетов',
    'ReadTransactionsDetail': 'Подробности операций',
    'ReadCustomerData': 'Данные компаний',
    'ReadSBPData': 'Работа с системой быстрых платежей: чтение',
    'EditSBPData': 'Работа с системой быстрых платежей',
    'CreatePaymentForSign': 'Создание платёжек на подпись',
    'CreatePaymentOrder': 'Статус платёжек',
    'ReadAcquiringData': 'Данные интернет-эквайринга',
    'MakeAcquiringOperation': 'Создание ссылки на оплату картой и через СБП',
    'ManageInvoiceData': 'Счета и закрывающие документы',
    'ManageWebhookData': 'Управление вебхуками',
    'MakeCustomer': 'Создание клиентов',
    'ManageGuarantee': 'Банковские гарантии',
}
# What a JWT key may do unless it is issued otherwise.
ALL_PERMISSIONS = (
    'ReadCustomerData', 'ReadAccountsBasic', 'ReadAccountsDetail', 'ReadAcquiringData',
    'MakeAcquiringOperation', 'ManageWebhookData', 'ReadSBPData', 'EditSBPData',
)

# Two companies, one person; invented names, INN with right check digits.
WORLD = {
    'customers': [
        {'customerCode': '301234567', 'customerType': 'Business', 'isResident': True,
         'taxCode': '9900000017', 'fullName': 'Общество с ограниченной ответственностью «Ромашка»',
         'shortName': 'ООО «Ромашка»', 'kpp': '770701001', 'customerOgrn': '1279900000005'},
        {'customerCode': '301234568', 'customerType': 'Business', 'isResident': True,
         'taxCode': '990000000299', 'fullName': 'Индивидуальный предприниматель Василёк',
         'shortName': 'ИП Василёк', 'customerOgrn': '327990000000000'},
        {'customerCode': '301234569', 'customerType': 'Personal', 'isResident': True,
         'fullName': 'Ромашка Василиса'},
    ],
    'accounts': [
        {'customerCode': '301234567', 'accountId': '40702810401234567890/044525104',
         'status': 'Enabled', 'statusUpdateDateTime': '2024-01-10T10:00:00+03:00',
         'currency': 'RUB', 'accountType': 'Business', 'accountSubType': 'CurrentAccount',
         'registrationDate': '2024-01-10',
         'accountDetails': [{'schemeName': 'RU.CBR.PAN', 'identification': '40702810401234567890',
                             'name': 'Счёт Тест'}]},
        {'customerCode': '301234568', 'accountId': '40802810401234567891/044525104',
         'status': 'Enabled', 'statusUpdateDateTime': '2024-02-10T10:00:00+03:00',
         'currency': 'RUB', 'accountType': 'Business', 'accountSubType': 'CurrentAccount',
         'registrationDate': '2024-02-10',
         'accountDetails': [{'schemeName': 'RU.CBR.PAN', 'identification': '40802810401234567891',
                             'name': 'Счёт ИП'}]},
    ],
    'sbp': {
        '301234567': {
            'status': 'Active', 'legalId': 'LF0000000001', 'createdAt': '2024-01-10T10:00:00+03:00',
            'address': 'ул. Цветочная, д. 7', 'city': 'Москва', 'countryCode': 'RU',
            'countrySubDivisionCode': '45', 'zipCode': '115184', 'customerCode': '301234567',
            'entityType': 'ООО', 'inn': '9900000017', 'kpp': '770701001', 'name': 'Ромашка',
            'ogrn': '1279900000005', 'bankCode': '044525104', 'MerchantList': [], 'AccountList': [],
        },
    },
    'retailers': {
        '301234567': [
            {'status': 'REG', 'isActive': True, 'mcc': '8299', 'rate': 2.5,
             'name': 'Школа «Ромашка»', 'url': 'https://romashka.example.com',
             'merchantId': '200000000012345', 'terminalId': '20012345',
             'paymentModes': ['sbp', 'card', 'tinkoff', 'dolyame']},
            {'status': 'REG', 'isActive': True, 'mcc': '5942', 'rate': 2.7,
             'name': 'Книги «Ромашка»', 'url': 'https://books.example.com',
             'merchantId': '200000000012346', 'terminalId': '20012346', 'paymentModes': ['card']},
        ],
        '301234568': [
            {'status': 'REG', 'isActive': True, 'mcc': '8299', 'rate': 2.5,
             'name': 'Курсы «Василёк»', 'url': 'https://vasilek.example.com',
             'merchantId': '200000000022345', 'terminalId': '20022345',
             'paymentModes': ['sbp', 'card'], 'cashbox': 'businessRu'},
        ],
        '301234569': [],
    },
}

# What the bank does not document, switched both ways. See README.md.
VARIANTS = {
    'disabled_mode_refused': True,  # a mode that the shop lacks: 400, or silently left out
    'second_refund': True,  # a refund from REFUNDED_PARTIALLY
    'on_refund_seconds': 0,  # how long an operation stays ON-REFUND
    'refund_order_id_differs': False,  # the answer's orderId is not that of Order[]
    'refund_listed_seconds': 0,  # a refund appears in Order[] this much later
    'refund_counts_when_listed': False,  # and until then its money may be returned once more
    'refund_undone': False,  # ON-REFUND ends without a refund
    'refund_ids': 'own',  # orderId of refunds: their own, one for all of an operation, or none
    'refunds_doubled': False,  # Order[] lists each refund twice
    'reads_behind_seconds': 0,  # reading and listing show refunds as they were
    'expired_late_seconds': 0,  # EXPIRED is reported this much after the end of the link
    'late_pay': False,  # a dead link still takes money
    'require_https': False,  # webhooks only to https on port 443
    'wait_full_payment': False,  # instalments stop at WAIT_FULL_PAYMENT
    'amounts_as_strings': False,  # answers quote amounts
    'receipt_sum_checked': True,  # lines that don't come to the amount: 400, or taken
    'consent_as_object': False,  # a new consent is answered as an object, not in a list
    'old_refresh_token': 'refused',  # a used refresh token: refused, or works
}
