""" What a document of ATOL Online says, in tags of the fiscal data format. """

from base64 import b64decode

from . import ffd
from .atol_check import operation_of
from .atol_words import AGENTS, CORRECTION_TYPES, MARKS, METHODS, OBJECTS, PAYMENTS, TAX_SYSTEMS
from .shape import total


def meaning(version, operation, content, tax_system):
    """ Translate a valid request.

    :param str tax_system: The till's, where the document names none.
    :return: See `ffd`.
    :rtype: dict
    """
    kind, correction = operation_of(version, operation)
    document = content['correction' if correction else 'receipt']
    company, client = document['company'], document.get('client', {})
    paid = total(document['payments'], 'sum')
    return {
        'document': 'correction' if correction else 'receipt',
        '1209': ffd.FFD_12 if version == 'v5' else ffd.FFD_105,
        '1054': kind, '1055': TAX_SYSTEMS[company.get('sno', tax_system)],
        '1018': company['inn'], '1187': company['payment_address'],
        '1020': ffd.money(document.get('total', paid)),
        'lines': [_line(line) for line in document.get('items', [])],
        'payments': ffd.payments((PAYMENTS.get(entry['type'], '1081'), entry['sum'])
                                 for entry in document['payments']),
        'correction': _correction(document.get('correction_info')),
        **ffd.given(
            t1008=client.get('email', client.get('phone')), t1117=company.get('email'),
            t1009=company.get('location'), t1227=client.get('name'), t1228=client.get('inn'),
            t1243=client.get('birthdate'), t1244=client.get('citizenship'),
            t1245=client.get('document_code'), t1246=client.get('document_data'),
            t1254=client.get('address'), t1021=document.get('cashier'),
            t1203=document.get('cashier_inn'), t1036=document.get('device_number'),
            t1125=document.get('internet'), t1192=document.get('additional_check_props'),
            t1084=_user_props(document.get('additional_user_props')),
            t1235=_cashless(document.get('cashless_payments')),
            t1261=_sectoral(document.get('sectoral_check_props')),
            t1270=_operating(document.get('operating_check_props')),
            **_agent(document, 't1057'),
        ),
        **({'vats': [{'1199': ffd.VAT[entry['type']], 'sum': ffd.money(entry['sum'])}
                     for entry in document['vats']]} if 'vats' in document else {}),
    }


def _line(line):
    """ Translate a line; what is left out gets the defaults of v4. """
    thing = line.get('payment_object', 'commodity')
    part, tax = line.get('mark_quantity'), line['vat'].get('sum')
    return {
        '1030': line['name'], '1079': ffd.money(line['price']),
        '1023': ffd.plain_number(line['quantity']), '1043': ffd.money(line['sum']),
        '1199': ffd.VAT[line['vat']['type']],
        '1212': OBJECTS[thing] if isinstance(thing, str) else thing,
        '1214': METHODS[line.get('payment_method', 'full_prepayment')],
        **ffd.given(
            t2108=line.get('measure'), t1197=line.get('measurement_unit'),
            t1200=None if tax is None else ffd.money(tax),
            t1162=line.get('nomenclature_code'), t1163=_mark(line.get('mark_code')),
            t2102=line.get('mark_processing_mode'), t2003=line.get('planned_status'),
            t1291=part and f'{part["numerator"]}/{part["denominator"]}',
            t1191=line.get('user_data'), t1230=line.get('country_code'),
            t1229=ffd.money(line['excise']) if 'excise' in line else None,
            t1231=line.get('declaration_number'),
            t1260=_sectoral(line.get('sectoral_item_props')), **_agent(line, 't1222'),
        ),
        **({'wholesale': line['wholesale']} if 'wholesale' in line else {}),
    }


def _agent(entry, tag):
    """ Translate agent and supplier; names are tags after a `t`. """
    agent, supplier = entry.get('agent_info'), entry.get('supplier_info')
    told = {tag: AGENTS[agent['type']]} if agent else {}
    if agent and len(agent) > 1:
        paying = agent.get('paying_agent', {})
        transfer = agent.get('money_transfer_operator', {})
        told['t1223'] = ffd.given(
            t1044=paying.get('operation'), t1073=paying.get('phones'),
            t1074=agent.get('receive_payments_operator', {}).get('phones'),
            t1075=transfer.get('phones'), t1026=transfer.get('name'),
            t1005=transfer.get('address'), t1016=transfer.get('inn'))
    if supplier:
        told['t1224'] = ffd.given(t1225=supplier.get('name'), t1171=supplier.get('phones'))
        told['t1226'] = supplier.get('inn')
    return told


def _correction(info):
    return info and {'1173': CORRECTION_TYPES[info['type']], '1178': info['base_date'],
                     **ffd.given(t1179=info.get('base_number'))}


def _mark(code):
    """ Translate a marking code; that of GS1 comes in Base64. """
    return code and {
        MARKS[name]: b64decode(value).decode(errors='replace') if name == 'gs1m' else value
        for name, value in code.items()
    }


def _user_props(props):
    return props and {'1085': props['name'], '1086': props['value']}


def _cashless(entries):
    return entries and [
        {'1082': ffd.money(entry['sum']), '1236': entry['method'], '1237': entry['id'],
         **ffd.given(t1238=entry.get('additional_info'))} for entry in entries]


def _sectoral(entries):
    return entries and [
        {'1262': entry['federal_id'], '1263': entry['date'], '1264': entry['number'],
         '1265': entry['value']} for entry in entries]


def _operating(props):
    return props and {'1271': props['name'], '1272': props['value'], '1273': props['timestamp']}
