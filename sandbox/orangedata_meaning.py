""" What a document of OrangeData says, in tags of the fiscal data format. """

from datetime import datetime
from decimal import Decimal

from . import ffd
from .orangedata_check import HEADER, group_of, sold_and_paid, version_of
from .orangedata_words import (
    AGENT,
    BARCODES,
    CORRECTION_PAYMENTS,
    NEW_TAXES,
    PAYMENT_ADDRESS,
    PAYMENTS,
    SUM_TAXES,
)
from .shape import product

NUMBER_SIZE = 6  # bytes of a sum in a fiscal document; other numbers have fewer


def printed(value):
    """ Return what a till prints: characters that CP866 lacks are dropped. """
    if isinstance(value, str):
        return value.encode('cp866', 'ignore').decode('cp866')
    if isinstance(value, list):
        return [printed(entry) for entry in value]
    if isinstance(value, dict):
        return {name: printed(entry) for name, entry in value.items()}
    return value


def size(value):
    """ Return about how many bytes a fiscal document has. """
    if isinstance(value, dict):
        return HEADER + sum(size(entry) for entry in value.values() if entry is not None)
    if isinstance(value, list):
        return sum(size(entry) for entry in value)
    return HEADER + (len(value.encode('cp866', 'ignore')) if isinstance(value, str)
                     else NUMBER_SIZE)


def meaning(kind, content, now):
    """ Translate a valid request.

    :param str kind: `documents`, `corrections`, `correction12` or `itemcode`.
    :param datetime now: When it is taken: from 2026 on `tax` 1 and 3 are 22 %.
    :return: See `ffd`.
    :rtype: dict
    """
    document = content['content']
    if kind == 'itemcode':
        return {'1209': ffd.FFD_12, 'group': group_of(content)}  # nothing is printed
    new_vat = now >= ffd.NEW_VAT_FROM and not document.get('useTax20')
    if kind == 'corrections':
        said = _payments_of_correction(document)
        prefix, version, system = 'tax', ffd.FFD_105, document['taxationSystem']
    else:
        said = _payments_of_receipt(document)
        prefix, version = 'vat', version_of(content)
        system = document['checkClose']['taxationSystem']
    sums = [{'1199': _tax(tax, new_vat), 'sum': ffd.money(document[f'{prefix}{count}Sum'])}
            for count, tax in SUM_TAXES.items() if f'{prefix}{count}Sum' in document]
    return printed({
        'document': 'receipt' if kind == 'documents' else 'correction', '1209': version,
        '1054': document['type'], '1055': 1 << system, '1018': content['inn'],
        '1187': document.get('settlementPlace', PAYMENT_ADDRESS), **said,
        'lines': [_line(line, new_vat) for line in document.get('positions', [])],
        'correction': None if kind == 'documents' else _correction(document),
        **_more(document), **({'vats': sums} if sums else {}),
        'group': group_of(content),
    })


def _payments_of_receipt(document):
    """ Return total and payments; the change goes off the cash. """
    sold, paid = sold_and_paid(document)
    entries = document['checkClose']['payments']
    return {
        '1020': ffd.money(sold),
        'payments': ffd.payments((
            *((PAYMENTS.get(entry['type'], '1081'), entry['amount']) for entry in entries),
            ('1031', sold - paid))),
    }


def _payments_of_correction(document):
    return {'1020': ffd.money(document['totalSum']), 'payments': ffd.payments(
        (tag, document.get(name, 0)) for name, tag in CORRECTION_PAYMENTS.items())}


def _more(document):
    person, close = document.get('customerInfo', {}), document.get('checkClose', {})
    agent = _agent_data(document)
    return ffd.given(
        t1008=document.get('customerContact'), t1117=document.get('senderEmail'),
        t1009=document.get('settlementAddress'),
        t1227=document.get('customer', person.get('name')),
        t1228=document.get('customerINN', person.get('inn')), t1243=person.get('birthDate'),
        t1244=person.get('citizenship'), t1245=person.get('identityDocumentCode'),
        t1246=person.get('identityDocumentData'), t1254=person.get('address'),
        t1021=document.get('cashier'), t1203=document.get('cashierINN'),
        t1036=document.get('automatNumber'), t1125=document.get('isInternetStore'),
        t1011=document.get('timeZone'), t1192=document.get('additionalAttribute'),
        t1084=_user_attribute(document.get('additionalUserAttribute')),
        t1235=_cashless(close.get('electronicPaymentsInfo')),
        t1261=_industry(_listed(document, 'industryAttribute')),
        t1270=_operational(document.get('operationalAttribute')),
        t1057=document.get('agentType'), t1223=agent or None,
        t1224={'1171': document['supplierPhoneNumbers']}
        if 'supplierPhoneNumbers' in document else None,
    )


def _line(line, new_vat):
    """ Translate a line; what is left out gets OrangeData's defaults. """
    part, tax = line.get('fractionalQuantity'), line.get('taxSum')
    agent, supplier = _agent_data(line.get('agentInfo', {})), line.get('supplierInfo')
    return {
        '1030': line['text'], '1079': ffd.money(line['price']),
        '1023': ffd.plain_number(line['quantity']),
        '1043': ffd.money(product(line['price'], line['quantity'])),
        '1199': _tax(line['tax'], new_vat), '1212': line.get('paymentSubjectType') or 1,
        '1214': line.get('paymentMethodType') or 4,
        **ffd.given(
            t2108=line.get('quantityMeasurementUnit'), t1197=line.get('unitOfMeasurement'),
            # Zero is not written, nor the tax of 0 % and of no VAT.
            t1200=ffd.money(tax) if tax and line['tax'] not in (5, 6) else None,
            t1162=line.get('nomenclatureCode'), t2000=line.get('itemCode'),
            t1163=_barcodes(line.get('barcodes')), t2003=line.get('plannedStatus'),
            t2110=line.get('assignedStatus'),
            t1291=part and f'{part["numerator"]}/{part["denominator"]}',
            t1191=line.get('additionalAttribute'), t1230=line.get('manufacturerCountryCode'),
            t1229=_money(line.get('excise')), t1198=_money(line.get('unitTaxSum')),
            t1231=line.get('customsDeclarationNumber'),
            t1260=_industry(line.get('industryAttributes', _listed(line, 'industryAttribute'))),
            t1222=line.get('agentType'), t1223=agent or None,
            t1224=supplier and ffd.given(
                t1225=supplier.get('name'), t1171=supplier.get('phoneNumbers')),
            t1226=line.get('supplierINN'),
        ),
    }


def _tax(tax, new_vat):
    return NEW_TAXES.get(tax, tax) if new_vat else tax


def _money(value):
    return None if value is None else ffd.money(Decimal(value))


def _listed(entry, name):
    return [entry[name]] if name in entry else None


def _agent_data(fields):
    return {tag: fields[name] for name, tag in AGENT.items() if name in fields}


def _barcodes(codes):
    return codes and {BARCODES[name]: value for name, value in codes.items()}


def _correction(document):
    day = datetime.fromisoformat(document['causeDocumentDate']).strftime('%d.%m.%Y')
    return {'1173': document['correctionType'], '1178': day,
            **ffd.given(t1179=document.get('causeDocumentNumber'))}


def _user_attribute(attribute):
    return attribute and {'1085': attribute['name'], '1086': attribute['value']}


def _cashless(info):
    return info and [
        {'1082': ffd.money(entry['amount']), '1236': entry['type'], '1237': entry['id'],
         **ffd.given(t1238=entry.get('additionalInfo'))} for entry in info['payments']]


def _industry(entries):
    return entries and [
        {'1262': entry['foivId'], '1263': entry['causeDocumentDate'],
         '1264': entry['causeDocumentNumber'], '1265': entry['value']} for entry in entries]


def _operational(attribute):
    if not attribute:
        return None
    moment = datetime.fromisoformat(attribute['date'].replace('Z', '+00:00'))
    return {'1271': attribute['id'], '1272': attribute['value'],
            '1273': moment.strftime('%d.%m.%Y %H:%M:%S')}
