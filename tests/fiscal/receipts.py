""" Forty receipts, one for each thing that a receipt can say. """

from decimal import Decimal

from tochka_fiscal import const
from tochka_fiscal.receipt import Item, Receipt, Supplier, build_lines
from tochka_fiscal.registers import komtet_const

SUPPLIER = Supplier(name='ООО «Поставщик»', inn='7736207543', phones=('+74951234567',))


def item(total, quantity='1', **values):
    return Item(**{
        'name': 'Занятие', 'quantity': Decimal(quantity), 'total': total, 'vat': 'none',
        'method': 'full_payment', 'subject': 'service', **values,
    })


def receipt(*items, paid=None, payments=None, **values):
    items = items or (item(100000),)
    paid = paid or sum(one.total for one in items)
    return Receipt(**{
        'key': 'a1b2c3-TX-1', 'kind': 'income', 'taxation_system': 'osn',
        'lines': tuple(build_lines(list(items), paid)),
        'payments': payments or {'cashless': paid},
        'email': 'parent@example.com', 'address': 'https://school.example.com', **values,
    })


def all_receipts():
    """ Return the receipts by what they show. """
    found = {'plain': receipt()}
    found |= {f'vat {vat}': receipt(item(123456, vat=vat)) for vat in const.VATS}
    found |= {f'system {name}': receipt(taxation_system=name) for name in const.TAXATION_SYSTEMS}
    found |= {f'method {name}': receipt(item(100000, method=name))
              for name in komtet_const.FISCAL_METHODS}
    found |= {f'subject {name}': receipt(item(100000, subject=name))
              for name in const.FISCAL_SUBJECTS}
    found |= {
        'return': receipt(kind='income_return'),
        'phone': receipt(email='', phone='+79991234567'),
        'kopecks': receipt(item(1), item(99), item(12345678)),
        'thirds': receipt(item(10000, '3')),
        'fraction': receipt(item(104700, '21.99', measure=11)),
        'discount': receipt(item(100000), item(50000, vat='vat22'), item(-30000)),
        'part': receipt(item(100000), item(50000, vat='vat22'), paid=33333),
        'offset': receipt(item(100000), payments={'prepaid': 60000, 'cashless': 40000}),
        'credit': receipt(item(100000, method='partial_payment'),
                          payments={'cashless': 60000, 'credit': 40000}),
        'counter': receipt(payments={'counter': 100000}),
        'cash': receipt(payments={'cash': 100000}),
        'agent': receipt(item(100000, agent='commissionaire', supplier=SUPPLIER)),
        'mark': receipt(item(100000, subject='goods', mark='0104601234567890215abcdefgh')),
    }
    return found
