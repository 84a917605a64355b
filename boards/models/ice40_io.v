// Simulation model of an iCE40 pin used as a plain input or a plain output. Verilator cannot
// compile Yosys' model of SB_IO, which compares an input with z; this one has the same ports.

module SB_IO (
    inout PACKAGE_PIN,
    input LATCH_INPUT_VALUE,
    input CLOCK_ENABLE,
    input INPUT_CLK,
    input OUTPUT_CLK,
    input OUTPUT_ENABLE,
    input D_OUT_0,
    input D_OUT_1,
    output D_IN_0,
    output D_IN_1
);
    parameter [5:0] PIN_TYPE = 6'b000000;
    parameter [0:0] PULLUP = 1'b0;
    parameter [0:0] NEG_TRIGGER = 1'b0;
    parameter IO_STANDARD = "SB_LVCMOS";

    localparam INPUT_DIRECT = PIN_TYPE[1:0] == 2'b01;
    localparam OUTPUT_NONE = PIN_TYPE[5:4] == 2'b00;
    localparam OUTPUT_DIRECT = PIN_TYPE[3:2] == 2'b10 && PIN_TYPE[5:4] != 2'b11;

    generate
        if (!INPUT_DIRECT || !(OUTPUT_NONE || OUTPUT_DIRECT))
            $error("no model of SB_IO with PIN_TYPE %b", PIN_TYPE);
        if (!OUTPUT_NONE) assign PACKAGE_PIN = D_OUT_0;
    endgenerate

    assign D_IN_0 = PACKAGE_PIN;
    assign D_IN_1 = 1'b0;
endmodule
