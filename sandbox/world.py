""" What the sandbox begins with: permissions, customers, accounts, shops, variants. """

ALL_PERMISSIONS = (
    'ReadCustomerData', 'ReadAccountsBasic', 'ReadAccountsDetail', 'ReadAcquiringData',
    'MakeAcquiringOperation', 'ManageWebhookData',
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
    ],
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
    'expired_late_seconds': 0,  # EXPIRED is reported this much after the end of the link
    'late_pay': False,  # a dead link still takes money
    'require_https': False,  # webhooks only to https on port 443
    'wait_full_payment': False,  # instalments stop at WAIT_FULL_PAYMENT
    'amounts_as_strings': False,  # answers quote amounts
}
