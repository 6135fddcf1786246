/* Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details. */

import { patch } from '@web/core/utils/patch';

import { PaymentForm } from '@payment/interactions/payment_form';

patch(PaymentForm.prototype, {
    /**
     * Let the payer fill in what is missing before the payment begins. The server checks it again.
     *
     * @override
     */
    async _initiatePaymentFlow(providerCode, paymentOptionId, paymentMethodCode, flow) {
        if (providerCode === 'tochka') {
            const missing = [...this.el.querySelectorAll('#o_tochka_payer input')].find(
                (input) => !input.checkValidity()
            );
            if (missing) {
                this._enableButton(); // The button has been disabled before initiating the flow.
                missing.reportValidity();
                return;
            }
        }
        return super._initiatePaymentFlow(...arguments);
    },

    /**
     * Send what the payer has ticked and typed.
     *
     * @override
     */
    _prepareTransactionRouteParams() {
        const params = super._prepareTransactionRouteParams(...arguments);
        if (this.paymentContext.providerCode === 'tochka') {
            const offer = this.el.querySelector('#o_tochka_offer');
            const email = this.el.querySelector('#o_tochka_payer_email');
            if (offer) {
                params['tochka_offer_accepted'] = offer.checked;
            }
            if (email) {
                params['tochka_payer_email'] = email.value;
            }
        }
        return params;
    },
});
