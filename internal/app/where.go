package app

import "github.com/cordon-trust/cordon/internal/model"

// device returns who received a transfer, as far as this house knows.
func (f *facts) device(t *model.Transfer) (model.Device, model.DeviceInfo) {
	return model.Device{Subject: t.Device}, model.DeviceInfo{}
}
